#include "tests/tools/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

constexpr int kNoSuchProgram = 127;
constexpr int kSignalBase = 128;

// In the child: nothing here may return to the test.
[[noreturn]] void Become(const std::string& program, const std::vector<std::string>& arguments,
                         const ProgramSurroundings& surroundings, const std::string& out_path,
                         const std::string& err_path) {
  const int out = open(out_path.c_str(), O_WRONLY | O_CREAT, 0600);
  const int err = open(err_path.c_str(), O_WRONLY | O_CREAT, 0600);
  const int in = open("/dev/null", O_RDONLY);
  if (out < 0 || err < 0 || in < 0) _exit(kNoSuchProgram);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  for (const auto& [name, value] : surroundings.environment) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(program.c_str(), argv.data());
  _exit(kNoSuchProgram);
}

}  // namespace

// Files and not pipes take what the child writes: however much it is, nobody waits for anybody.
ProgramResult RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                         const ProgramSurroundings& surroundings) {
  const TestFolder folder;
  const bool captured = surroundings.standard_output.empty();
  const std::string out_path = captured ? folder.PathOf("stdout") : surroundings.standard_output;
  const std::string err_path = folder.PathOf("stderr");

  const pid_t child = fork();
  if (child < 0) return {};
  if (child == 0) Become(program, arguments, surroundings, out_path, err_path);
  int status = 0;
  if (waitpid(child, &status, 0) != child) return {};

  ProgramResult result;
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status);
  if (captured) result.out = ReadWholeFile(out_path);
  result.err = ReadWholeFile(err_path);
  return result;
}

std::string ThalwegPath() { return THALWEG_PROGRAM; }

ProgramResult RunThalweg(const std::vector<std::string>& arguments,
                         const ProgramSurroundings& surroundings) {
  return RunProgram(ThalwegPath(), arguments, surroundings);
}

}  // namespace thalweg
