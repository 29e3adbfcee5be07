#include "tools/feature_table.h"

namespace thalweg {

std::string FeatureHeader(const Catalogue& catalogue) {
  std::string header = "event_ns,recv_ns,update_id,trigger,symbol,flags";
  for (const Feature& feature : catalogue.features()) {
    header.push_back(',');
    header += feature.name;
  }
  return header;
}

void WriteFeatureHeader(const Catalogue& catalogue, TextFile& file) {
  file.Text(FeatureHeader(catalogue));
  file.EndLine();
}

void WriteFeatureRow(const SymbolEngine& symbol, const RecordBuffer& record, TextFile& file) {
  const RecordHeader header = record.header();
  file.Integer(header.event_ns);
  file.Text(",");
  file.Integer(header.recv_ns);
  file.Text(",");
  file.Unsigned(header.update_id);
  file.Text(",");
  file.Text(TriggerName(static_cast<Trigger>(header.trigger)));
  file.Text(",");
  file.Text(symbol.name());
  file.Text(",");
  file.Unsigned(header.flags);
  for (const double value : record.features()) {
    file.Text(",");
    file.Number(value);
  }
  file.EndLine();
}

}  // namespace thalweg
