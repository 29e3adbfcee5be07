#include "tools/schema_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/record.h"
#include "core/string_view.h"
#include "features/catalogue.h"
#include "pipeline/engine.h"
#include "tools/bucket_lists.h"
#include "tools/exit_status.h"

namespace thalweg {
namespace {

struct SchemaFlags {
  std::string buckets;
  bool json = false;
  bool markdown = false;
};

std::string HashText(const Catalogue& catalogue) {
  return absl::StrFormat("%016x", catalogue.schema_hash());
}

void PrintTable(const Catalogue& catalogue) {
  std::printf("%-24s %-10s %-11s %-7s %-24s %s\n", "name", "unit", "group", "window", "range",
              "description");
  for (const Feature& feature : catalogue.features()) {
    const FeatureRow& row = *feature.row;
    std::printf("%-24s %-10s %-11s %-7s %-24s %s\n", feature.name.c_str(),
                std::string(row.unit).c_str(), std::string(GroupName(row.group)).c_str(),
                std::string(row.window).c_str(), std::string(row.range).c_str(),
                std::string(row.description).c_str());
  }
  std::printf("\n%zu features, %zu bytes a record, schema hash %s\n", catalogue.features().size(),
              RecordBytes(catalogue.features().size()), HashText(catalogue).c_str());
}

// Whether bucket columns carry ranks, because sizes differ between symbols.
bool IsByRank(const BucketLists& lists) {
  std::set<std::vector<std::string>> different;
  for (const auto& [symbol, sizes] : lists.of_symbols) different.insert(sizes);
  if (lists.common) different.insert(*lists.common);
  return different.size() > 1;
}

// "b1, b2 of BTCUSDT: 1, 5"
void PrintRanks(const BucketLists& lists) {
  if (!IsByRank(lists)) return;
  const auto line = [](const std::string& of_whom, const std::vector<std::string>& sizes) {
    std::vector<std::string> ranks;
    for (std::size_t i = 1; i <= sizes.size(); ++i) ranks.push_back(absl::StrCat("b", i));
    std::printf("%s of %s: %s\n", absl::StrJoin(ranks, ", ").c_str(), of_whom.c_str(),
                absl::StrJoin(sizes, ", ").c_str());
  };
  for (const auto& [symbol, sizes] : lists.of_symbols) line(symbol, sizes);
  if (lists.common) line("others", *lists.common);
}

std::vector<std::string> NamesIn(const BucketLists& lists) {
  std::vector<std::string> names;
  for (const auto& [symbol, sizes] : lists.of_symbols) names.push_back(symbol);
  return names;
}

std::string Quoted(std::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(Abseil(text), {{"\\", "\\\\"}, {"\"", "\\\""}}),
                      "\"");
}

// The sizes that columns named by rank stand for: {"BTCUSDT":["1","5"],"*":["10","50"]}, the last
// being those of other symbols.
std::string SizesJson(const BucketLists& lists) {
  const auto entry = [](std::string_view name, const std::vector<std::string>& sizes) {
    return absl::StrCat(Quoted(name), ":[\"", absl::StrJoin(sizes, "\",\""), "\"]");
  };
  std::vector<std::string> entries;
  for (const auto& [symbol, sizes] : lists.of_symbols) entries.push_back(entry(symbol, sizes));
  if (lists.common) entries.push_back(entry("*", *lists.common));
  return absl::StrCat("{", absl::StrJoin(entries, ","), "}");
}

void PrintJson(const Catalogue& catalogue, const BucketLists& lists) {
  std::printf("{\"schema_hash\":\"%s\",\"record_bytes\":%zu,", HashText(catalogue).c_str(),
              RecordBytes(catalogue.features().size()));
  if (IsByRank(lists)) std::printf("\"bucket_sizes\":%s,", SizesJson(lists).c_str());
  std::printf("\"fields\":[\n");
  const std::vector<SchemaField> fields = catalogue.Fields();
  const std::size_t header_fields = fields.size() - catalogue.features().size();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::string line =
        absl::StrCat("{\"name\":", Quoted(fields[i].name), ",\"type\":", Quoted(fields[i].type),
                     ",\"offset\":", fields[i].offset, ",\"unit\":", Quoted(fields[i].unit));
    if (i >= header_fields) {
      const FeatureRow& row = *catalogue.features()[i - header_fields].row;
      absl::StrAppend(&line, ",\"group\":", Quoted(GroupName(row.group)),
                      ",\"window\":", Quoted(row.window), ",\"range\":", Quoted(row.range),
                      ",\"description\":", Quoted(row.description));
    }
    std::printf("%s}%s\n", line.c_str(), i + 1 == fields.size() ? "" : ",");
  }
  std::printf("]}\n");
}

void PrintMarkdown(const Catalogue& catalogue) {
  FeatureGroup group{};
  bool first = true;
  for (const Feature& feature : catalogue.features()) {
    const FeatureRow& row = *feature.row;
    if (first || row.group != group) {
      std::printf(
          "%s### %s\n\n| name | unit | window | range | description |\n|---|---|---|---|---|\n",
          first ? "" : "\n", std::string(GroupName(row.group)).c_str());
    }
    first = false;
    group = row.group;
    std::printf("| `%s` | %s | %s | %s | %s |\n", feature.name.c_str(),
                std::string(row.unit).c_str(), std::string(row.window).c_str(),
                std::string(row.range).c_str(), std::string(row.description).c_str());
  }
}

int RunSchema(const SchemaFlags& flags) {
  EngineOptions options;
  BucketLists lists;
  if (!flags.buckets.empty()) {
    absl::StatusOr<BucketLists> parsed = ParseBuckets(flags.buckets);
    if (!parsed.ok()) return FailUsage(parsed.status());
    lists = *std::move(parsed);
    SetBuckets(lists, &options);
    // Without a common list the symbols named are all there are.
    if (!lists.common) options.symbols = NamesIn(lists);
  }
  const absl::Status status = ValidateOptions(options);
  if (!status.ok()) {
    return FailUsage(absl::InvalidArgumentError(absl::StrCat("--", status.message())));
  }
  const Catalogue catalogue = MakeCatalogue(options);
  if (flags.json) {
    PrintJson(catalogue, lists);
  } else if (flags.markdown) {
    PrintMarkdown(catalogue);
  } else {
    PrintTable(catalogue);
    PrintRanks(lists);
  }
  return kExitGood;
}

}  // namespace

void AddSchemaCommand(CLI::App& app, int* exit_status) {
  auto flags = std::make_shared<SchemaFlags>();
  CLI::App* const command = app.add_subcommand(
      "schema", "The feature contract: every column with unit, window, range and meaning");
  command->footer("  thalweg schema\n  thalweg schema --json --buckets 1,5,25");
  command->add_option("--buckets", flags->buckets,
                      "Bucket sizes, or SYM=sizes;SYM=sizes (default 10,50,100,500,1000)");
  CLI::Option* const json = command->add_flag("--json", flags->json, "As JSON, with offsets");
  command->add_flag("--markdown", flags->markdown, "As the tables of docs/FEATURES.md")
      ->excludes(json);
  command->callback([flags, exit_status] { *exit_status = RunSchema(*flags); });
}

}  // namespace thalweg
