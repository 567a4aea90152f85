//! How much memory the process may use: what an alert compares its size with.

use std::path::Path;

/// The least limit of the control groups that the process is in, else the memory of the machine; in bytes. `None`: the system does not say.
pub(super) fn limit() -> Option<u64> {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let machine = read(Path::new("/proc/meminfo")).as_deref().and_then(machine);
    let groups = read(Path::new("/proc/self/cgroup"));
    let group = groups.as_deref().and_then(group).and_then(|group| {
        let folders = Path::new(group).ancestors().map(|folder| Path::new("/sys/fs/cgroup").join(folder));
        folders.filter_map(|folder| read(&folder.join("memory.max")).as_deref().and_then(of_group)).min()
    });
    group.into_iter().chain(machine).min()
}

/// The process's group in the one hierarchy of version 2, without the leading slash.
fn group(groups: &str) -> Option<&str> {
    groups.lines().find_map(|line| line.strip_prefix("0::")).map(|path| path.trim_start_matches('/'))
}

/// `memory.max`: bytes, or `max`.
fn of_group(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// `MemTotal` of `/proc/meminfo`, which is in KiB.
fn machine(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_kernel_writes_them() {
        assert_eq!(group("1:name=systemd:/x\n0::/system.slice/waybill.service\n"), Some("system.slice/waybill.service"));
        assert_eq!(group("1:memory:/docker/1\n"), None);
        assert_eq!((of_group("2147483648\n"), of_group("max\n")), (Some(2_147_483_648), None));
        assert_eq!(machine("MemTotal:       16318480 kB\nMemFree:  1 kB\n"), Some(16_710_123_520));
    }
}
