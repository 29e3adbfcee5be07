#include "tools/schema_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "features/catalogue.h"
#include "features/schema.h"
#include "pipeline/engine.h"
#include "pipeline/schema_text.h"
#include "tools/bucket_lists.h"
#include "tools/exit_status.h"
#include "tools/ring_flags.h"

namespace thalweg {
namespace {

struct SchemaFlags {
  std::string buckets;
  std::string record = "features";
  std::string tops = std::to_string(kTopsLevelsDefault);
  bool json = false;
  bool markdown = false;
};

// The fields behind the header, which tells what every record has.
std::vector<SchemaField> ValuesOf(const RecordSchema& schema) {
  return {schema.fields.begin() + static_cast<std::ptrdiff_t>(HeaderFields().size()),
          schema.fields.end()};
}

void PrintTable(const RecordSchema& schema) {
  std::printf("%-24s %-10s %-11s %-7s %-24s %s\n", "name", "unit", "group", "window", "range",
              "description");
  const std::vector<SchemaField> values = ValuesOf(schema);
  for (const SchemaField& field : values) {
    std::printf("%-24s %-10s %-11s %-7s %-24s %s\n", field.name.c_str(),
                std::string(field.unit).c_str(), std::string(field.group).c_str(),
                std::string(field.window).c_str(), std::string(field.range).c_str(),
                std::string(field.description).c_str());
  }
  std::printf("\n%zu %s, %zu bytes a record, schema hash %016llx\n", values.size(),
              schema.kind == RingKind::kFeatures ? "features" : "fields", schema.record_bytes,
              static_cast<unsigned long long>(schema.hash));
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

void PrintMarkdown(const RecordSchema& schema) {
  std::string_view group;
  for (const SchemaField& field : ValuesOf(schema)) {
    if (field.group != group) {
      std::printf(
          "%s### %s\n\n| name | unit | window | range | description |\n|---|---|---|---|---|\n",
          group.empty() ? "" : "\n", std::string(field.group).c_str());
    }
    group = field.group;
    std::printf("| `%s` | %s | %s | %s | %s |\n", field.name.c_str(),
                std::string(field.unit).c_str(), std::string(field.window).c_str(),
                std::string(field.range).c_str(), std::string(field.description).c_str());
  }
}

absl::StatusOr<RecordSchema> SchemaAskedFor(const SchemaFlags& flags, const Catalogue& catalogue) {
  const absl::StatusOr<RingKind> kind = ParseRingKind("record", flags.record);
  if (!kind.ok()) return kind.status();
  const absl::StatusOr<std::size_t> levels = ParseTopsLevels(flags.tops);
  if (!levels.ok()) return levels.status();
  return SchemaOf(*kind, catalogue, *levels);
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
  const absl::StatusOr<RecordSchema> schema = SchemaAskedFor(flags, MakeCatalogue(options));
  if (!schema.ok()) return FailUsage(schema.status());
  if (flags.json) {
    std::printf("%s\n", SchemaText(*schema, options).c_str());
  } else if (flags.markdown) {
    PrintMarkdown(*schema);
  } else {
    PrintTable(*schema);
    PrintRanks(lists);
  }
  return kExitGood;
}

}  // namespace

void AddSchemaCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<SchemaFlags>();
  const Command command = line.AddSubcommand(
      "schema", "The feature contract: every column with unit, window, range and meaning");
  command.Footer("  thalweg schema\n  thalweg schema --json --buckets 1,5,25");
  command.AddOption("--buckets", flags->buckets,
                    "Bucket sizes, or SYM=sizes;SYM=sizes (default 10,50,100,500,1000)");
  command.AddOption("--record", flags->record, "Of which kind of record: features, ladders or tops")
      .ShowDefault();
  command.AddOption("--tops", flags->tops, "Levels a side in a tops record, 1 to 100")
      .ShowDefault();
  const Option json = command.AddFlag("--json", flags->json, "As JSON, with offsets");
  command.AddFlag("--markdown", flags->markdown, "As the tables of docs/FEATURES.md")
      .Excludes(json);
  command.OnRun([flags, exit_status] { *exit_status = RunSchema(*flags); });
}

}  // namespace thalweg
