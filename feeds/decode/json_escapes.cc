#include "feeds/decode/json_escapes.h"

#include "simdjson.h"

namespace thalweg {

std::string Unescaped(std::string_view text) {
  if (!HasEscapes(text)) return std::string(text);
  const std::string quoted = '"' + std::string(text) + '"';
  simdjson::dom::parser parser;
  std::string_view plain;
  if (parser.parse(quoted).get(plain) != simdjson::SUCCESS) return std::string(text);
  return std::string(plain);
}

}  // namespace thalweg
