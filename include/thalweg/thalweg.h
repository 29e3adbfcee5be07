// thalweg: Binance market data in, an honest order book and a fixed vector of features out.
//
// One header to start with. A FeatureEngine is given frames, or recordings, and answers with
// records and books; docs/EMBEDDING.md shows how. What it is made of, for who needs less or more of
// it: an Engine with its EngineOutput, and the RecordingPlayer that drives engines.
//
// Rings in shared memory, from any process: thalweg/ring_reader.h.
#pragma once

#include "core/quality.h"
#include "core/record.h"
#include "core/record_column.h"
#include "core/units.h"
#include "core/version.h"
#include "features/catalogue.h"
#include "pipeline/book_view.h"
#include "pipeline/engine.h"
#include "pipeline/feature_engine.h"
#include "pipeline/record_digest.h"
#include "replay/recording_player.h"
#include "replay/recording_source.h"
