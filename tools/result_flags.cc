#include "tools/result_flags.h"

#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "tools/final_book.h"
#include "tools/text_file.h"

namespace thalweg {
namespace {

constexpr char kSymbolPlace[] = "{symbol}";

// A result and the file it goes to.
struct Result {
  const char* option;
  const std::string* path;  // Empty: not asked for.
};

bool IsFile(const std::string& path) { return !path.empty() && path != "-"; }

// Whether both names stand for one file; of files that do not exist yet, only the names tell.
bool AreSameFile(const std::string& a, const std::string& b) {
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error)) return true;
  return std::filesystem::absolute(a, error).lexically_normal() ==
         std::filesystem::absolute(b, error).lexically_normal();
}

// No result replaces what is read.
absl::Status CheckNoInput(const char* option, const std::string& path, const ResultInputs& inputs) {
  for (const std::string& recording : inputs.recordings) {
    if (IsFile(path) && AreSameFile(path, recording)) {
      return absl::InvalidArgumentError(
          absl::StrCat(option, ": ", path, " is one of the recordings: they are never replaced"));
    }
  }
  if (IsFile(path) && !inputs.exchange_info.empty() && AreSameFile(path, inputs.exchange_info)) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, ": ", path, " is the file of --exchange-info: it is not replaced"));
  }
  return absl::OkStatus();
}

std::string PathOfSymbol(const std::string& final_book, const std::string& symbol) {
  return absl::StrReplaceAll(final_book, {{kSymbolPlace, symbol}});
}

absl::Status NeedsSymbolPlace(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(
      "--final-book: '", path, "': with several symbols the file name must contain {symbol}"));
}

// No two results to one place.
absl::Status CheckPlaces(const std::vector<Result>& results, bool digest) {
  std::vector<std::string> on_standard_output;
  if (digest) on_standard_output.emplace_back("--digest");
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& [option, path] = results[i];
    if (*path == "-") on_standard_output.emplace_back(option);
    for (std::size_t j = 0; j < i && IsFile(*path); ++j) {
      if (!IsFile(*results[j].path) || !AreSameFile(*path, *results[j].path)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(option, ": ", *path, " is the file of ", results[j].option, " too"));
    }
  }
  if (on_standard_output.size() <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(absl::StrJoin(on_standard_output, ", "),
                                                 ": only one result can go to standard output"));
}

absl::Status WriteBookFile(const std::string& path, const SymbolEngine* symbol) {
  absl::StatusOr<std::unique_ptr<TextFile>> file = TextFile::Create(path);
  if (!file.ok()) return file.status();
  if (symbol != nullptr) WriteFinalBook(*symbol, **file);
  return (*file)->Close();
}

}  // namespace

ResultFlags ResultFlags::OfShard(std::size_t shard) const {
  ResultFlags flags = *this;
  const std::string number = absl::StrCat(shard);
  for (std::string* path : {&flags.out_, &flags.ladders_}) {
    *path = absl::StrReplaceAll(*path, {{kShardPlace, number}});
  }
  return flags;
}

absl::Status ResultFlags::Check(const ResultInputs& inputs, const EngineOptions& options) const {
  const Result out{"--out", &out_};
  const Result ladders{"--ladders", &ladders_};
  const Result final_book{"--final-book", &final_book_};
  for (const Result& result : {out, ladders, final_book}) {
    absl::Status status = CheckNoInput(result.option, *result.path, inputs);
    if (!status.ok()) return status;
  }
  absl::Status status = CheckPlaces({out, ladders, final_book}, digest_);
  if (!status.ok()) return status;
  for (const Result& result : {out, ladders}) {
    if (!IsFile(*result.path) || absl::EndsWith(*result.path, ".csv")) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(result.option, ": '", *result.path,
                     "' is neither - nor a name that ends in .csv, the one format there is"));
  }
  if (options.symbols.size() > 1 && !final_book_.empty() &&
      !absl::StrContains(final_book_, kSymbolPlace)) {
    return NeedsSymbolPlace(final_book_);
  }
  return absl::OkStatus();
}

absl::Status ResultFlags::CheckCreatable(const EngineOptions& options) const {
  std::vector<std::string> paths{out_, ladders_};
  if (!absl::StrContains(final_book_, kSymbolPlace)) {
    paths.push_back(final_book_);
  } else if (!options.symbols.empty()) {
    for (const std::string& symbol : options.symbols) {
      paths.push_back(PathOfSymbol(final_book_, symbol));
    }
  } else if (!absl::StrContains(std::filesystem::path(final_book_).parent_path().string(),
                                kSymbolPlace)) {
    paths.push_back(final_book_);
  }
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    absl::Status status = TextFile::CheckCreatable(path);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Names of symbols come from the input, so what they make of the path is looked at:
// InvalidArgument when it is another folder or an input.
absl::StatusOr<std::string> ResultFlags::FinalBookPath(const ResultInputs& inputs,
                                                       const SymbolEngine& symbol) const {
  std::string path = PathOfSymbol(final_book_, symbol.name());
  if (path != final_book_ && absl::StrContains(symbol.name(), '/')) {
    return absl::InvalidArgumentError(
        absl::StrCat("--final-book: the symbol '", symbol.name(), "' is no part of a file name"));
  }
  absl::Status status = CheckNoInput("--final-book", path, inputs);
  if (!status.ok()) return status;
  for (const std::string* other : {&out_, &ladders_}) {
    if (!IsFile(*other) || !IsFile(path) || !AreSameFile(path, *other)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--final-book: ", path, " is the file of another result too"));
  }
  return path;
}

absl::Status ResultFlags::WriteFinalBooks(const ResultInputs& inputs,
                                          const std::vector<const SymbolEngine*>& symbols,
                                          const std::set<std::string>& names) const {
  const bool one_file = !absl::StrContains(final_book_, kSymbolPlace);
  if (one_file && names.size() > 1) return NeedsSymbolPlace(final_book_);
  if (one_file && symbols.empty()) return WriteBookFile(final_book_, nullptr);
  std::map<std::string, const SymbolEngine*> books;
  for (const SymbolEngine* symbol : symbols) {
    const absl::StatusOr<std::string> path = FinalBookPath(inputs, *symbol);
    if (!path.ok()) return path.status();
    if (books.emplace(*path, symbol).second) continue;
    return absl::InvalidArgumentError(absl::StrCat("--final-book: ", *path, ": two books of ",
                                                   symbol->name(),
                                                   ", of interleaved runs, would go there"));
  }
  for (const auto& [path, symbol] : books) {
    absl::Status status = WriteBookFile(path, symbol);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void ResultFlags::AddTo(Command command) {
  const char* const results = "Results";
  command.AddOption("--out", out_, "Feature rows; FILE.csv, or - for standard output")
      .Group(results);
  command.AddOption("--ladders", ladders_, "Bucket ladders; FILE.csv or -").Group(results);
  command
      .AddOption("--final-book", final_book_,
                 "The book at the end, a line a level; {symbol} in the name is replaced")
      .Group(results);
  command.AddFlag("--digest", digest_, "Print a digest of all records").Group(results);
}

}  // namespace thalweg
