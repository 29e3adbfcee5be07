// A linear model over features, read from JSON: {"bias": b, "weights": {"imbalance_l1": w, ...}}.
//
// It takes records of an engine in this process and of a ring alike: both find a column by name and
// give its value. A prediction is NaN when a feature is: then there is nothing to go by.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "thalweg/thalweg.h"

class LinearModel {
 public:
  static absl::StatusOr<LinearModel> Load(const std::string& path) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    simdjson::dom::object weights;
    LinearModel model;
    simdjson::error_code error = parser.load(path).get(root);
    if (error == simdjson::SUCCESS) error = root["bias"].get(model.bias_);
    if (error == simdjson::SUCCESS) error = root["weights"].get(weights);
    if (error == simdjson::SUCCESS) {
      for (const auto& [name, value] : weights) {
        model.terms_.push_back({std::string(name), 0, {}});
        error = value.get(model.terms_.back().weight);
        if (error != simdjson::SUCCESS) break;
      }
    }
    if (error == simdjson::SUCCESS) return model;
    return absl::InvalidArgumentError(path + ": " + simdjson::error_message(error));
  }

  // Finds the model's features in `source`, an engine or a ring's reader. Before the first
  // prediction, and again when a ring was opened anew.
  template <class Source>
  absl::Status Bind(const Source& source) {
    for (Term& term : terms_) {
      const absl::StatusOr<thalweg::RecordColumn> column = source.Column(term.feature);
      if (!column.ok()) return column.status();
      term.column = *column;
    }
    return absl::OkStatus();
  }

  template <class Record>
  double Predict(const Record& record) const {
    double prediction = bias_;
    for (const Term& term : terms_) prediction += term.weight * record[term.column];
    return prediction;
  }

 private:
  struct Term {
    std::string feature;
    double weight;
    thalweg::RecordColumn column;
  };
  double bias_ = 0;
  std::vector<Term> terms_;
};
