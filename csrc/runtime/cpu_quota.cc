#include "runtime/cpu_quota.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace kn {

namespace {

namespace fs = std::filesystem;

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

double share(double quota, double period) {
  return quota > 0 && period > 0 ? quota / period : kNoLimit;
}

// cpu.max holds "200000 100000", or "max 100000", for which reading a number fails.
double limit_of_version_2(const fs::path& group) {
  double quota = 0, period = 0;
  std::ifstream(group / "cpu.max") >> quota >> period;
  return share(quota, period);
}

// A quota of -1 is none.
double limit_of_version_1(const fs::path& group) {
  double quota = 0, period = 0;
  std::ifstream(group / "cpu.cfs_quota_us") >> quota;
  std::ifstream(group / "cpu.cfs_period_us") >> period;
  return share(quota, period);
}

// The least of the group below `root` and of those that it is part of. In a container the path may
// be that of the host, and only `root` is there.
double least_upwards(const fs::path& root, const fs::path& group,
                     double (*limit)(const fs::path&)) {
  double least = limit(root);
  fs::path at = root;
  for (const fs::path& name : group.relative_path()) {
    at /= name;
    least = std::min(least, limit(at));
  }
  return least;
}

}  // namespace

double cpu_quota(const fs::path& groups, const fs::path& own) {
  double least = kNoLimit;
  std::ifstream in(own);
  // "0::/path" in version 2, "4:cpu,cpuacct:/path" in version 1.
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty())
      least = std::min(least, least_upwards(groups, group, limit_of_version_2));
    else if (("," + controllers + ",").find(",cpu,") != std::string::npos)
      for (const std::string& mount : {controllers, std::string("cpu")})
        least = std::min(least, least_upwards(groups / mount, group, limit_of_version_1));
  }
  return least;
}

}  // namespace kn
