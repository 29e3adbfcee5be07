#include "replay/segment_header.h"

#include <simdjson.h>

namespace thalweg {
namespace {

std::int64_t NumberOf(const simdjson::dom::element& root, std::string_view name) {
  std::int64_t number = 0;
  return root[name].get(number) == simdjson::SUCCESS ? number : 0;
}

}  // namespace

bool ParseSegmentHeader(std::string_view json, SegmentHeader* header) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return false;
  std::string_view run;
  if (root["run"].get(run) != simdjson::SUCCESS || run.empty()) return false;
  header->run = run;
  header->shard = NumberOf(root, "shard");
  header->segment = NumberOf(root, "segment");
  header->run_segment = NumberOf(root, "run_segment");
  header->repeats = NumberOf(root, "repeats");
  simdjson::dom::array symbols;
  if (root["symbols"].get(symbols) == simdjson::SUCCESS) {
    for (const simdjson::dom::element element : symbols) {
      std::string_view name;
      if (element.get(name) == simdjson::SUCCESS) header->symbols.emplace_back(name);
    }
  }
  simdjson::dom::object options;
  if (root["options"].get(options) == simdjson::SUCCESS && options.size() > 0) {
    header->options = simdjson::minify(options);
  }
  return true;
}

}  // namespace thalweg
