use super::device::opened;
use super::module::Source;
use crate::philox::Stream;
use crate::strides::Strides;
use crate::{Device, Dst, Outcome, Src};
use cudarc::driver::result;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

static LAUNCHES: AtomicU64 = AtomicU64::new(0);

/// How many kernels were queued on CUDA devices since the process began.
pub fn launches() -> u64 {
    LAUNCHES.load(Ordering::Relaxed)
}

thread_local! {
    /// The kernels that this thread launched while [`launched_by`] watches.
    static NAMES: RefCell<Option<BTreeSet<&'static str>>> = const { RefCell::new(None) };
}

/// The names of the kernels that `work` launches on this thread.
pub(crate) fn launched_by(work: impl FnOnce()) -> BTreeSet<&'static str> {
    NAMES.set(Some(Default::default()));
    work();
    NAMES.take().unwrap_or_default()
}

/// The number of blocks, the threads of each, and the bytes of shared memory of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    blocks: [usize; 3],
    threads: [usize; 2],
    shared: usize,
}

impl Grid {
    /// `blocks` is the number of blocks along one, two or three axes.
    pub fn new(blocks: impl Into<Blocks>, threads: usize) -> Self {
        Grid { blocks: blocks.into().0, threads: [threads, 1], shared: 0 }
    }

    /// Enough blocks for one thread per element.
    pub fn cover(n: usize, threads: usize) -> Self {
        Grid::new(n.div_ceil(threads), threads)
    }

    /// A warp for each of `count` rows, [`WARPS`](Self::WARPS) in a block, which lie along its y.
    pub fn warps(count: usize) -> Self {
        Grid { threads: [32, Self::WARPS], ..Grid::new(count.div_ceil(Self::WARPS), 32) }
    }

    /// Rows of a block that has a warp for each.
    pub const WARPS: usize = 4;

    /// The same with this many bytes of shared memory for each block.
    pub fn shared(self, bytes: usize) -> Self {
        Grid { shared: bytes, ..self }
    }

    /// Blocks, threads and bytes as the driver counts them; panics, by the kernel's name, past what every device has.
    #[track_caller]
    fn counts(self, kernel: &str) -> ([u32; 3], [u32; 2], u32) {
        let Grid { blocks: [x, y, z], threads: [across, down], shared } = self;
        let fits = x <= i32::MAX as usize && y.max(z) <= BLOCKS && across.saturating_mul(down) <= 1024;
        let narrow = |n: usize| u32::try_from(n).ok().filter(|_| fits);
        let all = [x, y, z, across, down, shared].map(narrow);
        let [Some(x), Some(y), Some(z), Some(across), Some(down), Some(shared)] = all else {
            panic!("{kernel}: a grid cannot have {x} x {y} x {z} blocks of {across} x {down} threads");
        };
        ([x, y, z], [across, down], shared)
    }
}

/// The most blocks along a grid's y and z.
const BLOCKS: usize = 65535;
/// What an `int` of a kernel may count to: loops step past the last element, by less than 2²⁰, and compare then.
pub(crate) const MOST: usize = i32::MAX as usize - (1 << 20);

/// Blocks along x, y and z.
pub(crate) struct Blocks([usize; 3]);

impl From<usize> for Blocks {
    fn from(x: usize) -> Self {
        Blocks([x, 1, 1])
    }
}

impl From<[usize; 2]> for Blocks {
    fn from([x, y]: [usize; 2]) -> Self {
        Blocks([x, y, 1])
    }
}

impl From<[usize; 3]> for Blocks {
    fn from(blocks: [usize; 3]) -> Self {
        Blocks(blocks)
    }
}

/// An argument of a kernel: its bytes, the device that it points to, and a size that does not fit into it.
#[derive(Clone)]
pub(crate) struct Arg {
    bytes: Bytes,
    device: Option<Device>,
    beyond: Option<usize>,
}

/// Nearly all arguments fit inline; a longer struct has memory of its own.
#[derive(Clone)]
enum Bytes {
    Few([u64; 4]),
    Many(Box<[u64]>),
}

impl Bytes {
    fn words(&self) -> &[u64] {
        match self {
            Bytes::Few(words) => words,
            Bytes::Many(words) => words,
        }
    }
}

impl Arg {
    fn value(bytes: u64) -> Self {
        Arg { bytes: Bytes::Few([bytes, 0, 0, 0]), device: None, beyond: None }
    }

    /// A distance between elements, as an `i64`.
    pub fn stride(x: usize) -> Self {
        i64::try_from(x).map_or(Arg::beyond(x), Arg::from)
    }

    /// What [`launch`] refuses.
    fn beyond(x: usize) -> Self {
        Arg { beyond: Some(x), ..Arg::value(0) }
    }

    fn pointer(pointer: Option<u64>, device: Device) -> Self {
        Arg { device: Some(device), ..Arg::value(pointer.unwrap_or(0)) }
    }

    /// A stream of random numbers as a `Stream`, by value; when a graph is replayed, a later stream.
    pub fn stream(Stream { seed, stream }: Stream, device: Device) -> Self {
        let Device::Cuda(number) = device else { panic!("cuda: a random stream for a kernel on the CPU") };
        let later = opened(number).recording().map_or(0, |recording| recording.later());
        Arg { bytes: Bytes::Few([seed, stream, later, 0]), ..Arg::value(0) }
    }

    /// A pointer some bytes further, and three strides as `i64`, by value.
    pub fn strided(self, bytes: usize, strides: [usize; 3]) -> Self {
        let strides = strides.map(Arg::stride);
        let beyond = strides.iter().find_map(|stride| stride.beyond).or(self.beyond);
        let [a, b, c] = strides.map(|stride| stride.bytes.words()[0]);
        Arg { bytes: Bytes::Few([self.bytes.words()[0] + bytes as u64, a, b, c]), beyond, ..self }
    }

    /// A struct by value, of fields of eight bytes each; panics if its pointers point to several devices.
    #[track_caller]
    pub fn fields(fields: impl IntoIterator<Item = Arg>) -> Self {
        let fields: Vec<Arg> = fields.into_iter().collect();
        let device = common_device("a struct", &fields);
        let words = fields.iter().map(|field| field.bytes.words()[0]).collect();
        Arg { bytes: Bytes::Many(words), device, beyond: fields.iter().find_map(|field| field.beyond) }
    }
}

/// The device that the pointers among some arguments point to.
#[track_caller]
fn common_device(what: &str, args: &[Arg]) -> Option<Device> {
    let mut devices = args.iter().filter_map(|arg| arg.device);
    let device = devices.next()?;
    if let Some(other) = devices.find(|&other| other != device) {
        panic!("{what}: operands lie on {device} and on {other}; bring them together with to_device");
    }
    Some(device)
}

impl From<Src<'_>> for Arg {
    fn from(x: Src) -> Self {
        Arg::pointer(x.pointer(), x.device())
    }
}

impl From<Dst<'_>> for Arg {
    fn from(x: Dst) -> Self {
        Arg::pointer(x.pointer(), x.device())
    }
}

/// `None` is the null pointer.
impl From<Option<Src<'_>>> for Arg {
    fn from(x: Option<Src>) -> Self {
        x.map_or(Arg::value(0), Arg::from)
    }
}

/// `None` is the null pointer.
impl From<Option<Dst<'_>>> for Arg {
    fn from(x: Option<Dst>) -> Self {
        x.map_or(Arg::value(0), Arg::from)
    }
}

/// As an `int`; [`launch`] panics if it is more than [`MOST`].
impl From<usize> for Arg {
    fn from(x: usize) -> Self {
        i32::try_from(x).ok().filter(|_| x <= MOST).map_or(Arg::beyond(x), Arg::from)
    }
}

impl From<i32> for Arg {
    fn from(x: i32) -> Self {
        Arg::value(u64::from(x as u32))
    }
}

/// As an `int`.
impl From<bool> for Arg {
    fn from(x: bool) -> Self {
        Arg::value(u64::from(x))
    }
}

impl From<u32> for Arg {
    fn from(x: u32) -> Self {
        Arg::value(u64::from(x))
    }
}

impl From<f32> for Arg {
    fn from(x: f32) -> Self {
        Arg::value(u64::from(x.to_bits()))
    }
}

impl From<u64> for Arg {
    fn from(x: u64) -> Self {
        Arg::value(x)
    }
}

impl From<i64> for Arg {
    fn from(x: i64) -> Self {
        Arg::value(x as u64)
    }
}

/// As `Dims`, by value.
impl From<[i32; 8]> for Arg {
    fn from(x: [i32; 8]) -> Self {
        Arg { bytes: Bytes::Few(bytemuck::cast(x)), ..Arg::value(0) }
    }
}

/// As two `int`s of a struct.
impl From<[i32; 2]> for Arg {
    fn from(x: [i32; 2]) -> Self {
        Arg::value(bytemuck::cast(x))
    }
}

/// As two `int`s of a struct; [`launch`] panics if one is more than [`MOST`].
impl From<[usize; 2]> for Arg {
    fn from(x: [usize; 2]) -> Self {
        let [a, b] = x.map(Arg::from);
        let words = [a.bytes.words()[0], b.bytes.words()[0]].map(|word| word as i32);
        Arg { beyond: a.beyond.or(b.beyond), ..Arg::from(words) }
    }
}

/// Whether rows of 4-byte elements can be loaded and stored 16 bytes at a time: the first starts at `address`, and `steps` are
/// lengths, offsets and strides. Without an address there is no memory to align.
pub(crate) fn by_fours(address: Option<u64>, steps: &[usize]) -> bool {
    address.is_none_or(|address| address.is_multiple_of(16)) && steps.iter().all(|n| n.is_multiple_of(4))
}

/// The axes of a shape and the strides of each operand as `Dims`. Adjacent axes that all operands cross with one stride are
/// merged; the order is kept. Panics if more than eight are left;
/// [`launch`] panics if one is more than [`MOST`].
pub(crate) fn dims<const K: usize>(walk: &Strides<K>) -> (Arg, [Arg; K]) {
    let axes: Vec<(usize, [usize; K])> = walk.axes().collect();
    assert!(axes.len() <= 8, "cuda: a kernel knows eight axes, not {}", axes.len());
    let unused = 8 - axes.len();
    // `number` is 0 for the lengths, which are 1 where an axis is unused, and k + 1 for the strides of operand k.
    let all = |number: usize| {
        let mut dims = [i32::from(number == 0); 8];
        let mut beyond = None;
        for (d, (length, strides)) in dims[unused..].iter_mut().zip(&axes) {
            let x = number.checked_sub(1).map_or(*length, |k| strides[k]);
            match i32::try_from(x) {
                Ok(x) => *d = x,
                Err(_) => beyond = Some(x),
            }
        }
        Arg { beyond, ..Arg::from(dims) }
    };
    (all(0), std::array::from_fn(|k| all(k + 1)))
}

/// Queues a kernel of a source on the device that its arguments point to. A grid without blocks does nothing.
///
/// Panics if arguments are on several devices, if a size is more than a kernel can count to, and if the driver refuses.
#[track_caller]
pub(crate) fn launch(source: &'static Source, kernel: &'static str, grid: Grid, args: &[Arg]) -> Outcome {
    if let Some(x) = args.iter().find_map(|arg| arg.beyond) {
        panic!("{kernel}: a kernel can count to {MOST}, not to {x}");
    }
    if grid.blocks.contains(&0) {
        return Outcome::Done;
    }
    let ([x, y, z], [across, down], shared) = grid.counts(kernel);
    let device = common_device(kernel, args).expect("cuda: a kernel without memory to work on");
    let Device::Cuda(number) = device else { panic!("{kernel}: the operands are in host memory") };
    let gpu = &opened(number).gpu;
    let function = source.function(gpu, kernel, grid.shared);
    // A null after the last argument, by which the emulator counts them.
    let null = std::iter::once(std::ptr::null_mut());
    let mut pointers: Vec<_> =
        args.iter().map(|arg| arg.bytes.words().as_ptr().cast_mut().cast()).chain(null).collect();
    // SAFETY: the launching function of each kernel passes what the kernel's signature requires, which the emulator
    // checks, of buffers that live until the work queued on the stream is done (they are freed in its order). Each
    // operation's `check` compares their lengths with the sizes before, and no size was too large for its argument.
    let answer = unsafe {
        let threads = (across, down, 1);
        result::launch_kernel(function, (x, y, z), threads, shared, gpu.stream, &mut pointers)
    };
    LAUNCHES.fetch_add(1, Ordering::Relaxed);
    NAMES.with_borrow_mut(|names| names.as_mut().map(|names| names.insert(kernel)));
    gpu.expect(&format!("launch {kernel} with {grid:?}"), answer);
    Outcome::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_an_int_does_not_hold_are_known() {
        for x in [0, 1, MOST] {
            let arg = Arg::from(x);
            assert!(arg.beyond.is_none() && arg.bytes.words()[0] == x as u64);
        }
        for x in [MOST + 1, 1 << 31, 1 << 32, usize::MAX] {
            assert_eq!(Arg::from(x).beyond, Some(x));
            assert_eq!(Arg::fields([Arg::from(1usize), Arg::from(x)]).beyond, Some(x));
            let (shape, [strides]) = dims(&Strides::new(&[3, 2], [&[x, 1]]));
            assert_eq!((shape.beyond, strides.beyond), (None, (x > MOST + (1 << 20)).then_some(x)));
        }
        assert_eq!(Arg::stride(1 << 62).beyond, None);
        assert_eq!(Arg::value(0).strided(0, [1, 1 << 63, 2]).beyond, Some(1 << 63));
    }

    #[test]
    fn a_grid_that_no_device_has_is_refused_by_the_kernels_name() {
        let refused = |grid: Grid| {
            let cause = std::panic::catch_unwind(|| grid.counts("some_kernel")).unwrap_err();
            assert!(cause.downcast_ref::<String>().unwrap().starts_with("some_kernel: a grid cannot have "));
        };
        refused(Grid::new(1 << 31, 32));
        refused(Grid::new([1, BLOCKS + 1], 32));
        refused(Grid::new([1, 1, 1 << 32], 32));
        refused(Grid::new(1, 1056));
        refused(Grid::new(1, 32).shared(1 << 32));
        let grid = Grid::new([i32::MAX as usize, BLOCKS, 2], 256).shared(99);
        assert_eq!(grid.counts("some_kernel"), ([i32::MAX as u32, BLOCKS as u32, 2], [256, 1], 99));
    }
}
