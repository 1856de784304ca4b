// Reads one observation or score out of a row of Langfuse's public API (v2 observations, v3
// scores). RunLog writes the same rows.
#pragma once

#include <rapidjson/document.h>

#include "samples/rag_pipeline/records.h"

namespace rag {

ObservationRecord read_observation(const rapidjson::Value& row);
ScoreRecord read_score(const rapidjson::Value& row);

}  // namespace rag
