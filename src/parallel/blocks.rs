//! Passes over items in blocks.

use std::ops::{AddAssign, Range};
use std::sync::{Mutex, PoisonError};

use super::pool::each;
use super::{BLOCK, share, worth_sharing};

/// The blocks that the items `0..len` of a pass are cut into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    len: usize,
    block: usize,
    /// The multiply-adds of the whole pass, about.
    work: usize,
}

/// What a pass writes: values that belong to its items, in their order.
pub(crate) trait Outputs: Send + Sized {
    /// What is handed to a block.
    type Block;
    /// The values of the first `items`, and those of the rest.
    fn split_at(self, items: usize) -> (Self, Self);
    fn into_block(self) -> Self::Block;
}

/// As many values for each item as the number says. The last item may have fewer.
#[derive(Debug)]
pub(crate) struct PerItem<'a, T>(pub(crate) &'a mut [T], pub(crate) usize);

impl Blocks {
    /// Blocks of `block` items; the last one may be shorter.
    pub(crate) fn new(len: usize, block: usize, work: usize) -> Self {
        Self { len, block, work }
    }

    /// Blocks for a pass that may be cut anywhere: enough work in each to outweigh the call, few enough
    /// items to be shared evenly.
    pub(crate) fn by_work(len: usize, work: usize) -> Self {
        const WORTH_A_CALL: usize = 1 << 16;
        let per_item = (work / len.max(1)).max(1);
        let block = (WORTH_A_CALL / per_item).next_multiple_of(BLOCK);
        Self::new(len, block.clamp(BLOCK, 16 * BLOCK), work)
    }

    /// At most `most` parts, each of two or more times [`BLOCK`] items: for results too large to have one
    /// for each block.
    pub(crate) fn parts(len: usize, most: usize, work: usize) -> Self {
        let part = len.div_ceil(most).max(2 * BLOCK).next_multiple_of(BLOCK);
        Self::new(len, part, work)
    }

    /// The items of each block but the last.
    pub(crate) fn block_len(&self) -> usize {
        self.block
    }

    /// The results of `f` for each block, in order.
    pub(crate) fn map<R: Send>(self, f: impl Fn(Range<usize>) -> R + Sync) -> Vec<R> {
        self.fill_map((), |items, ()| f(items))
    }

    /// Calls `f` for each block, with the outputs of its items.
    pub(crate) fn fill<O: Outputs>(self, outputs: O, f: impl Fn(Range<usize>, O::Block) + Sync) {
        self.fold(outputs, |(), items, own| f(items, own), |(), ()| ());
    }

    /// [`fill`](Self::fill). Returns the results of `f`, in the order of the blocks.
    pub(crate) fn fill_map<O: Outputs, R: Send>(
        self,
        outputs: O,
        f: impl Fn(Range<usize>, O::Block) -> R + Sync,
    ) -> Vec<R> {
        self.fold(
            outputs,
            |results: &mut Vec<R>, items, own| results.push(f(items, own)),
            |results, mut later| results.append(&mut later),
        )
    }

    /// [`fill`](Self::fill). Returns the sum of the results of `f`, which must not depend on the order of
    /// addition. Allocates nothing where the work is not shared.
    pub(crate) fn fill_sum<O: Outputs, R: Default + AddAssign + Send>(
        self,
        outputs: O,
        f: impl Fn(Range<usize>, O::Block) -> R + Sync,
    ) -> R {
        self.fold(
            outputs,
            |sum: &mut R, items, own| *sum += f(items, own),
            |sum, later| *sum += later,
        )
    }

    /// The results of `f` for each block, combined by `both`, which must be associative. `None` without
    /// items. Allocates nothing where the work is not shared.
    pub(crate) fn reduce<R: Send>(
        self,
        f: impl Fn(Range<usize>) -> R + Sync,
        both: impl Fn(R, R) -> R + Sync,
    ) -> Option<R> {
        let add = |all: &mut Option<R>, next: R| {
            *all = Some(match all.take() {
                Some(all) => both(all, next),
                None => next,
            });
        };
        self.fold(
            (),
            |all, items, ()| add(all, f(items)),
            |all, later: Option<R>| later.into_iter().for_each(|next| add(all, next)),
        )
    }

    /// Adds up all blocks, `add` taking in a block and `merge` the sum of later ones.
    fn fold<O: Outputs, A: Default + Send>(
        self,
        mut outputs: O,
        add: impl Fn(&mut A, Range<usize>, O::Block) + Sync,
        merge: impl Fn(&mut A, A),
    ) -> A {
        let count = self.len.div_ceil(self.block);
        if !worth_sharing(self.work) {
            return self.fold_some(0..count, outputs, &add);
        }
        let most = share(count);
        let blocks_of = |share: usize| share * most..count.min((share + 1) * most);
        let mut shares = Vec::with_capacity(count.div_ceil(most));
        for share in 0..count.div_ceil(most) {
            let blocks = blocks_of(share);
            let (own, rest) = outputs.split_at(self.first(blocks.end) - self.first(blocks.start));
            outputs = rest;
            shares.push(Mutex::new((Some(own), A::default())));
        }
        let finish = |share: usize| {
            let mut share_of = shares[share].lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(own) = share_of.0.take() {
                share_of.1 = self.fold_some(blocks_of(share), own, &add);
            }
        };
        each(0..shares.len(), &finish);
        let mut all = A::default();
        for share in shares {
            let (_, sum) = share.into_inner().unwrap_or_else(PoisonError::into_inner);
            merge(&mut all, sum);
        }
        all
    }

    /// [`fold`](Self::fold) of some of the blocks, on this thread.
    fn fold_some<O: Outputs, A: Default>(
        self,
        blocks: Range<usize>,
        mut outputs: O,
        add: &impl Fn(&mut A, Range<usize>, O::Block),
    ) -> A {
        let mut all = A::default();
        for block in blocks {
            let items = self.first(block)..self.first(block + 1);
            let (own, rest) = outputs.split_at(items.len());
            outputs = rest;
            add(&mut all, items, own.into_block());
        }
        all
    }

    /// The first item of a block.
    fn first(self, block: usize) -> usize {
        self.len.min(block * self.block)
    }
}

impl Outputs for () {
    type Block = ();

    fn split_at(self, _: usize) -> (Self, Self) {
        ((), ())
    }

    fn into_block(self) {}
}

impl<'a, T: Send> Outputs for &'a mut [T] {
    type Block = &'a mut [T];

    fn split_at(self, items: usize) -> (Self, Self) {
        self.split_at_mut(items)
    }

    fn into_block(self) -> Self::Block {
        self
    }
}

impl<'a, T: Send> Outputs for PerItem<'a, T> {
    type Block = &'a mut [T];

    fn split_at(self, items: usize) -> (Self, Self) {
        let Self(values, width) = self;
        let (left, right) = values.split_at_mut(values.len().min(items * width));
        (Self(left, width), Self(right, width))
    }

    fn into_block(self) -> Self::Block {
        self.0
    }
}

impl<A: Outputs, B: Outputs> Outputs for (A, B) {
    type Block = (A::Block, B::Block);

    fn split_at(self, items: usize) -> (Self, Self) {
        let (a, b) = (self.0.split_at(items), self.1.split_at(items));
        ((a.0, b.0), (a.1, b.1))
    }

    fn into_block(self) -> Self::Block {
        (self.0.into_block(), self.1.into_block())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; 6] = [0, 1, 255, 256, 257, 100_000];

    #[test]
    fn blocks_cover_the_items_once_in_order() {
        for (len, work) in LENGTHS
            .into_iter()
            .flat_map(|len| [(len, 0), (len, usize::MAX)])
        {
            for blocks in [
                Blocks::new(len, BLOCK, work),
                Blocks::by_work(len, work),
                Blocks::parts(len, 64, work),
            ] {
                let items = blocks.map(|items| items);
                assert!(items.into_iter().flatten().eq(0..len), "{len} {work}");
            }
        }
    }

    #[test]
    fn each_block_has_the_outputs_of_its_items() {
        for (len, work) in LENGTHS
            .into_iter()
            .flat_map(|len| [(len, 0), (len, usize::MAX)])
        {
            // The last item has fewer values than the others.
            let (mut one, mut three) = (vec![0; len], vec![0; (3 * len).saturating_sub(2)]);
            let blocks = Blocks::new(len, BLOCK, work);
            let outputs = (&mut one[..], PerItem(&mut three, 3));
            let ends = blocks.fill_map(outputs, |items, (one, three)| {
                let end = items.end;
                three
                    .iter_mut()
                    .zip(3 * items.start..)
                    .for_each(|(x, i)| *x = i);
                one.iter_mut().zip(items).for_each(|(x, i)| *x = i);
                end
            });
            assert!(ends.is_sorted());
            assert_eq!(ends.last().copied().unwrap_or(0), len);
            assert!(one.iter().copied().eq(0..len));
            assert!(three.iter().copied().eq(0..three.len()));
            let sum = blocks.fill_sum(&mut one[..], |_, one| one.iter().sum::<usize>());
            assert_eq!(sum, len * len.saturating_sub(1) / 2);
        }
    }

    #[test]
    fn a_reduction_combines_neighbours() {
        for work in [0, usize::MAX] {
            let blocks = Blocks::new(100_000, 100, work);
            let all = blocks.reduce(
                |items| items,
                |a, b| {
                    assert_eq!(a.end, b.start);
                    a.start..b.end
                },
            );
            assert_eq!(all, Some(0..100_000));
            assert_eq!(
                Blocks::new(0, 100, work).reduce(|items| items, |a, _| a),
                None
            );
        }
    }
}
