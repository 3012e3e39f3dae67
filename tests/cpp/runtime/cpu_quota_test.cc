#include "runtime/cpu_quota.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

namespace kn {
namespace {

namespace fs = std::filesystem;

// A tree of control groups as files.
class CpuQuota : public testing::Test {
 protected:
  CpuQuota()
      : root_(fs::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(root_);
  }
  ~CpuQuota() override { fs::remove_all(root_); }

  void write(const fs::path& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text << "\n";
  }
  double quota() const { return cpu_quota(root_ / "groups", root_ / "own"); }

  fs::path root_;
};

TEST_F(CpuQuota, NothingMeansNoLimit) {
  EXPECT_TRUE(std::isinf(quota()));
  write("own", "0::/");
  EXPECT_TRUE(std::isinf(quota()));
  write("groups/cpu.max", "max 100000");
  EXPECT_TRUE(std::isinf(quota()));
}

TEST_F(CpuQuota, Version2TakesTheLeastOnTheWayUp) {
  write("own", "0::/pods/mine");
  write("groups/pods/mine/cpu.max", "max 100000");
  write("groups/pods/cpu.max", "150000 100000");
  EXPECT_EQ(quota(), 1.5);
  write("groups/pods/mine/cpu.max", "50000 100000");
  EXPECT_EQ(quota(), 0.5);
}

TEST_F(CpuQuota, Version1NextToOtherControllers) {
  write("own", "9:name=systemd:/\n4:memory:/mine\n3:cpu,cpuacct:/mine\n2:cpuset:/");
  write("groups/cpu,cpuacct/mine/cpu.cfs_quota_us", "-1");
  write("groups/cpu,cpuacct/mine/cpu.cfs_period_us", "100000");
  EXPECT_TRUE(std::isinf(quota()));
  write("groups/cpu,cpuacct/mine/cpu.cfs_quota_us", "400000");
  EXPECT_EQ(quota(), 4);
}

TEST_F(CpuQuota, AContainerSeesItsGroupAsTheRoot) {
  write("own", "3:cpu:/docker/of-the-host\nnonsense\n0::/docker/of-the-host");
  write("groups/cpu/cpu.cfs_quota_us", "250000");
  write("groups/cpu/cpu.cfs_period_us", "100000");
  EXPECT_EQ(quota(), 2.5);
}

}  // namespace
}  // namespace kn
