// The command-line options of results: --out, --ladders, --final-book and --digest, common to every
// subcommand that makes records.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/engine_options.h"
#include "pipeline/symbol_engine.h"
#include "tools/command_line.h"

namespace thalweg {

// Stands for the number of a shard in the name of a result.
inline constexpr char kShardPlace[] = "{shard}";

// Files that are read, and never replaced by a result.
struct ResultInputs {
  std::vector<std::string> recordings;
  std::string exchange_info;  // Empty when none is read.
};

class ResultFlags {
 public:
  void AddTo(Command command);

  // Whether any result was asked for.
  [[nodiscard]] bool asked() const noexcept {
    return digest_ || !out_.empty() || !ladders_.empty() || !final_book_.empty();
  }
  [[nodiscard]] const std::string& out() const noexcept { return out_; }
  [[nodiscard]] const std::string& ladders() const noexcept { return ladders_; }
  [[nodiscard]] const std::string& final_book() const noexcept { return final_book_; }
  [[nodiscard]] bool digest() const noexcept { return digest_; }

  // The same with the number of a shard in the names of --out and --ladders.
  [[nodiscard]] ResultFlags OfShard(std::size_t shard) const;

  // What is wrong with the names, before any work is done: InvalidArgument (exit 2).
  [[nodiscard]] absl::Status Check(const ResultInputs& inputs, const EngineOptions& options) const;
  // What is wrong with the places, before a file is replaced (exit 3). Of final books those are
  // looked at whose path is known.
  [[nodiscard]] absl::Status CheckCreatable(const EngineOptions& options) const;

  // The books as they are, to the files of --final-book. `symbols`: those that are there at the
  // end; `names`: of all that were ever followed. InvalidArgument when a name makes another place
  // of the path than was meant, Unavailable when a file cannot be written.
  [[nodiscard]] absl::Status WriteFinalBooks(const ResultInputs& inputs,
                                             const std::vector<const SymbolEngine*>& symbols,
                                             const std::set<std::string>& names) const;

 private:
  [[nodiscard]] absl::StatusOr<std::string> FinalBookPath(const ResultInputs& inputs,
                                                          const SymbolEngine& symbol) const;

  std::string out_;
  std::string ladders_;
  std::string final_book_;
  bool digest_ = false;
};

}  // namespace thalweg
