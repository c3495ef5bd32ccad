use super::print;
use gradus_engine::cuda::{self, Description};

/// Prints the devices and, where CUDA is unavailable, what is missing.
///
/// # Errors
/// Output that cannot be written.
pub fn devices() -> anyhow::Result<()> {
    let mut text = format!("cpu              {} threads\n", rayon::current_num_threads());
    let found = cuda::found();
    match &found.driver {
        Ok((version, devices)) => {
            for (number, Description { name, architecture, memory }) in devices.iter().enumerate() {
                let device = format!("cuda:{number}");
                text += &format!("{device:<16} {name}, sm_{architecture}, {} MiB\n", memory >> 20);
            }
            text += &format!(
                "CUDA driver      {}.{}, {} devices\n",
                version / 1000,
                version % 1000 / 10,
                devices.len()
            );
        }
        Err(why) => text += &format!("CUDA driver      {why}\n"),
    }
    match &found.compiler {
        Ok((major, minor)) => text += &format!("NVRTC            {major}.{minor}\n"),
        Err(why) => text += &format!("NVRTC            {why}\n"),
    }
    text += &format!("cuda-emulated    {}\n", cuda::emulator());
    print(&text)
}
