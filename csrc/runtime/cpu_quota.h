// What a container may use of the machine: Linux's control groups, version 1 and 2.
#pragma once

#include <filesystem>

namespace kn {

// Processors' worth of time that the control groups of this process allow it; infinity where they
// set no limit, or there are none. Threads beyond it do not run side by side: the system stops all
// of them for the rest of each period. `groups` is where the groups are mounted, `own` the file
// that names those of the process.
double cpu_quota(const std::filesystem::path& groups = "/sys/fs/cgroup",
                 const std::filesystem::path& own = "/proc/self/cgroup");

}  // namespace kn
