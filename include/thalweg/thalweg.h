// thalweg: Binance market data in, an honest order book and a fixed vector of features out.
//
// One header to start with: an engine that is given frames and answers with records, and a player
// that drives it from recordings. docs/EMBEDDING.md shows both.
#pragma once

#include "core/quality.h"
#include "core/record.h"
#include "core/units.h"
#include "core/version.h"
#include "features/catalogue.h"
#include "pipeline/engine.h"
#include "pipeline/record_digest.h"
#include "replay/recording_player.h"
