#include "tools/schema_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/record.h"
#include "core/string_view.h"
#include "features/catalogue.h"
#include "pipeline/engine.h"
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

std::string Quoted(std::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(Abseil(text), {{"\\", "\\\\"}, {"\"", "\\\""}}),
                      "\"");
}

void PrintJson(const Catalogue& catalogue) {
  std::printf("{\"schema_hash\":\"%s\",\"record_bytes\":%zu,\"fields\":[\n",
              HashText(catalogue).c_str(), RecordBytes(catalogue.features().size()));
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
  if (!flags.buckets.empty()) options.bucket_sizes = absl::StrSplit(flags.buckets, ',');
  const absl::Status status = ValidateOptions(options);
  if (!status.ok()) return FailUsage(status);
  const Catalogue catalogue = MakeCatalogue(options);
  if (flags.json) {
    PrintJson(catalogue);
  } else if (flags.markdown) {
    PrintMarkdown(catalogue);
  } else {
    PrintTable(catalogue);
  }
  return kExitGood;
}

}  // namespace

void AddSchemaCommand(CLI::App& app, int* exit_status) {
  auto flags = std::make_shared<SchemaFlags>();
  CLI::App* const command = app.add_subcommand(
      "schema", "The feature contract: every column with unit, window, range and meaning");
  command->footer("  thalweg schema\n  thalweg schema --json --buckets 1,5,25");
  command->add_option("--buckets", flags->buckets, "Bucket sizes (default 10,50,100,500,1000)");
  CLI::Option* const json = command->add_flag("--json", flags->json, "As JSON, with offsets");
  command->add_flag("--markdown", flags->markdown, "As the tables of docs/FEATURES.md")
      ->excludes(json);
  command->callback([flags, exit_status] { *exit_status = RunSchema(*flags); });
}

}  // namespace thalweg
