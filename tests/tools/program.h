// Runs the built program as a user does: a child process with arguments, and what it answered.
//
// Threads: one.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace thalweg {

struct ProgramResult {
  int exit_status = -1;  // 128 + the signal when a signal ended it.
  std::string out;       // Standard output.
  std::string err;       // Standard error.
};

struct ProgramSurroundings {
  std::vector<std::pair<std::string, std::string>> environment;  // Added to this process's own.
  std::string standard_output;  // A file to write to; empty: it is captured.
};

// Where the program under test lies.
[[nodiscard]] std::string ThalwegPath();

[[nodiscard]] ProgramResult RunThalweg(const std::vector<std::string>& arguments,
                                       const ProgramSurroundings& surroundings = {});

// Any program, looked up in PATH. Exit status 127 when there is none of that name.
[[nodiscard]] ProgramResult RunProgram(const std::string& program,
                                       const std::vector<std::string>& arguments,
                                       const ProgramSurroundings& surroundings = {});

}  // namespace thalweg
