/// A place in a [`Slab`], and which of its tenants is meant.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Handle {
    pub(super) index: u32,
    generation: u32,
}

/// Things by index, whose places are used again and whose handles are not.
pub(super) struct Slab<T> {
    entries: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
        }
    }

    pub(super) fn insert(&mut self, value: T) -> Handle {
        let index = self.free.pop().unwrap_or_else(|| {
            self.entries.push((0, None));
            u32::try_from(self.entries.len() - 1).expect("four thousand million subscriptions fit in no memory")
        });
        let (generation, entry) = &mut self.entries[index as usize];
        *entry = Some(value);
        Handle {
            index,
            generation: *generation,
        }
    }

    pub(super) fn remove(&mut self, index: u32) -> Option<T> {
        let (generation, entry) = self.entries.get_mut(index as usize)?;
        let value = entry.take()?;
        *generation = generation.wrapping_add(1);
        self.free.push(index);
        Some(value)
    }

    /// The index of a handle whose tenant still lives there.
    pub(super) fn resolve(&self, handle: Handle) -> Option<u32> {
        let (generation, entry) = self.entries.get(handle.index as usize)?;
        (*generation == handle.generation && entry.is_some()).then_some(handle.index)
    }

    pub(super) fn handle(&self, index: u32) -> Handle {
        Handle {
            index,
            generation: self.entries[index as usize].0,
        }
    }

    pub(super) fn get(&self, index: u32) -> Option<&T> {
        self.entries.get(index as usize)?.1.as_ref()
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.entries.get_mut(index as usize)?.1.as_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    pub(super) fn indices(&self) -> Vec<u32> {
        let live = |(index, (_, entry)): (usize, &(u32, Option<T>))| entry.as_ref().map(|_| index as u32);
        self.entries.iter().enumerate().filter_map(live).collect()
    }
}
