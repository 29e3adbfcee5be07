// `tools/setup.sh`, with programs of the test's own in place of the system's.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

class SetupTest : public testing::Test {
 protected:
  SetupTest() {
    Program("dpkg-query", "exit 1");  // Nothing is installed.
    Program("apt-get", "echo \"apt-get $*\" >> '" + calls_ + "'");
    Program("id", "echo 1000");  // And nobody is root.
  }

  void Program(const std::string& name, const std::string& body) const {
    const std::string path = folder_.Write(name, "#!/bin/sh\n" + body + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  [[nodiscard]] ProgramResult RunSetup() const {
    const std::string path = folder_.PathOf("") + ":" + std::getenv("PATH");
    return RunProgram("bash", {std::string(THALWEG_SOURCE_DIR) + "/tools/setup.sh", "build"},
                      {{{"PATH", path}, {"THALWEG_SKIP_SETUP", ""}}, {}});
  }

  const TestFolder folder_;
  const std::string calls_ = folder_.PathOf("calls");
};

TEST_F(SetupTest, WithoutRootASudoThatWouldAskForAPasswordIsNotUsed) {
  Program("sudo", "[ \"$1\" = -n ] && exit 1; echo \"sudo $*\" >> '" + calls_ + "'");
  const ProgramResult result = RunSetup();
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_NE(result.err.find("these packages are missing: "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("apt-get install g++"), std::string::npos) << result.err;
  EXPECT_EQ(ReadWholeFile(calls_), "");
}

TEST_F(SetupTest, ASudoThatNeedsNoPasswordInstallsWhatIsMissing) {
  Program("sudo", "[ \"$1\" = -n ] || exit 1; shift; exec \"$@\"");
  const ProgramResult result = RunSetup();
  EXPECT_EQ(result.exit_status, 0) << result.err;
  const std::string calls = ReadWholeFile(calls_);
  EXPECT_NE(calls.find(" update"), std::string::npos) << calls;
  EXPECT_NE(calls.find(" install --yes --no-install-recommends g++"), std::string::npos) << calls;
}

}  // namespace
}  // namespace thalweg
