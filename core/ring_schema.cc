#include "core/ring_schema.h"

#include <simdjson.h>
#include <xxhash.h>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

using simdjson::dom::element;

// More fields than any record has room for.
constexpr std::size_t kFieldsMax = 1 << 17;

absl::Status Refuse(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("ring corrupt: field=schema ", what));
}

bool Text(const element& field, const char* key, std::string* out) {
  std::string_view value;
  if (field[key].get(value) != simdjson::SUCCESS) return false;
  *out = value;
  return true;
}

bool Size(const element& field, const char* key, std::size_t* out) {
  std::uint64_t value = 0;
  if (field[key].get(value) != simdjson::SUCCESS) return false;
  *out = value;
  return true;
}

absl::Status ParseField(const element& json, std::size_t record_bytes, RingField* field) {
  if (!Text(json, "name", &field->name) || !Text(json, "type", &field->type) ||
      !Text(json, "unit", &field->unit) || !Text(json, "group", &field->group) ||
      !Size(json, "offset", &field->offset) || !Size(json, "count", &field->count)) {
    return Refuse("expected=name, type, offset, count, unit and group in each of \"fields\"");
  }
  const std::size_t bytes = RingTypeBytes(field->type);
  if (bytes == 0) {
    return Refuse(absl::StrCat("type of ", field->name, " value=", field->type,
                               " expected=u64, i64, f64, u32 or u16"));
  }
  const bool inside = field->count >= 1 && field->count <= record_bytes / bytes &&
                      field->offset <= record_bytes - field->count * bytes;
  if (!inside || field->offset % bytes != 0) {
    return Refuse(absl::StrCat("offset of ", field->name, " value=", field->offset, " (",
                               field->count, " of ", bytes,
                               " bytes) expected=aligned, inside the record of ", record_bytes));
  }
  return absl::OkStatus();
}

}  // namespace

std::size_t RingTypeBytes(std::string_view type) noexcept {
  if (type == "u64" || type == "i64" || type == "f64") return 8;
  if (type == "u32") return 4;
  if (type == "u16") return 2;
  return 0;
}

absl::StatusOr<std::vector<RingField>> ParseRingSchema(std::string_view text,
                                                       std::size_t record_bytes) {
  simdjson::dom::parser parser;
  element root;
  const simdjson::padded_string padded(text);
  if (const auto error = parser.parse(padded).get(root); error != simdjson::SUCCESS) {
    return Refuse(absl::StrCat("value=", text.size(),
                               " bytes expected=JSON: ", simdjson::error_message(error)));
  }
  simdjson::dom::array list;
  if (root["fields"].get(list) != simdjson::SUCCESS) return Refuse("expected=an array \"fields\"");
  std::vector<RingField> fields;
  for (const element json : list) {
    if (fields.size() == kFieldsMax) {
      return Refuse(absl::StrCat("expected=at most ", kFieldsMax, " fields"));
    }
    absl::Status status = ParseField(json, record_bytes, &fields.emplace_back());
    if (!status.ok()) return status;
  }
  return fields;
}

std::uint64_t RingSchemaHash(const std::vector<RingField>& fields) {
  std::string lines;
  for (const RingField& field : fields) {
    absl::StrAppend(&lines, field.name, " ", field.type);
    if (field.count != 1) absl::StrAppend(&lines, "[", field.count, "]");
    absl::StrAppend(&lines, " ", field.offset, " ", field.unit, "\n");
  }
  return XXH3_64bits(lines.data(), lines.size());
}

}  // namespace thalweg
