#include <llmtrace/observation.h>
#include <llmtrace/observed_scope.h>

#include <algorithm>
#include <exception>
#include <mutex>

#include "common/src/cell.h"
#include "common/src/guard.h"
#include "common/src/score.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {

std::string_view to_string(ObservationType type) noexcept {
  static constexpr std::string_view kNames[] = {"span",      "generation", "event",  "embedding",
                                                "agent",     "tool",       "chain",  "retriever",
                                                "evaluator", "guardrail",  "prompt", "parser"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view to_string(Level level) noexcept {
  static constexpr std::string_view kNames[] = {"DEBUG", "DEFAULT", "WARNING", "ERROR"};
  return kNames[static_cast<std::size_t>(level)];
}

std::string_view to_string(ScoreDataType type) noexcept {
  static constexpr std::string_view kNames[] = {"NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT"};
  return kNames[static_cast<std::size_t>(type)];
}

Cell* ObservationHandle::cell() const noexcept {
  return cell_ != nullptr && cell_->is_recording() ? cell_ : nullptr;
}

ObservationHandle::operator bool() const noexcept { return cell() != nullptr; }

std::string ObservationHandle::id() const {
  return cell_ == nullptr ? std::string() : to_hex(cell_->record.span_id);
}

std::string ObservationHandle::trace_id() const {
  return cell_ == nullptr ? std::string() : to_hex(cell_->record.trace_id);
}

void ObservationHandle::update(ObservationUpdate update) const noexcept {
  if (!*this) return;
  guarded(*cell_, [&] { update_cell(*cell_, std::move(update)); });
}

void ObservationHandle::first_token() const noexcept {
  if (!*this || !is_of_this_process(*cell_)) return;
  const Timestamp now = cell_->destinations_->keeper().clock().now();
  const std::lock_guard lock(cell_->lock);
  if (cell_->ended || cell_->record.completion_start_time) return;
  // A clock that was set back must not make the wait for it negative.
  cell_->record.completion_start_time = std::max(now, cell_->record.start_time);
}

void ObservationHandle::error(std::string_view message) const noexcept {
  if (!*this) return;
  guarded(*cell_, [&] {
    update_cell(*cell_, {.level = Level::Error, .status_message = std::string(message)});
  });
}

void ObservationHandle::score(ScoreParams params) const noexcept {
  if (!*this) return;
  guarded(*cell_, [&] {
    submit_score(std::move(params), cell_->record, false, *cell_->destinations_,
                 propagated_environment(*cell_));
  });
}

void ObservationHandle::score_trace(ScoreParams params) const noexcept {
  if (!*this) return;
  guarded(*cell_, [&] {
    submit_score(std::move(params), cell_->record, true, *cell_->destinations_,
                 propagated_environment(*cell_));
  });
}

Observation ObservationHandle::start_observation(ObservationParams params) const noexcept {
  return Observation(start_child(cell_, std::move(params)).detach());
}

Observation ObservationHandle::span(ObservationParams params) const noexcept {
  params.as_type = ObservationType::Span;
  return Observation(start_child(cell_, std::move(params)).detach());
}

Observation ObservationHandle::generation(ObservationParams params) const noexcept {
  params.as_type = ObservationType::Generation;
  return Observation(start_child(cell_, std::move(params)).detach());
}

void ObservationHandle::event(ObservationParams params) const noexcept {
  params.as_type = ObservationType::Event;
  const Observation event = start_observation(std::move(params));
  if (!event) return;
  event.end({.end_time = event.cell()->record.start_time});
}

ContextScope ObservationHandle::activate() const noexcept {
  return ContextScope(cell_ != nullptr ? cell_context(*cell_) : Context::current());
}

void ObservationHandle::release() noexcept {
  if (cell_ != nullptr) std::exchange(cell_, nullptr)->release();
}

Observation& Observation::operator=(Observation&& other) noexcept {
  if (this != &other) {
    end();
    release();
    cell_ = std::exchange(other.cell_, nullptr);
  }
  return *this;
}

Observation::~Observation() {
  end();
  release();
}

void Observation::end(ObservationUpdate update) const noexcept {
  if (!*this) return;
  guarded(*cell_, [&] { end_cell(*cell_, std::move(update)); });
}

CurrentObservation::CurrentObservation(const CurrentObservation& other) noexcept
    : ObservationHandle(other.cell_) {
  if (cell_ != nullptr) cell_->retain();
}

CurrentObservation& CurrentObservation::operator=(const CurrentObservation& other) noexcept {
  if (other.cell_ != nullptr) other.cell_->retain();
  release();
  cell_ = other.cell_;
  return *this;
}

CurrentObservation::~CurrentObservation() { release(); }

CurrentObservation current_observation() noexcept {
  ContextNode* const node = current_node();
  Cell* const cell = node == nullptr ? nullptr : node->cell();
  if (cell != nullptr) cell->retain();
  return CurrentObservation(cell);
}

Observation start_observation(ObservationParams params) noexcept {
  if (!detail::listening()) return Observation();
  Ref<Cell> cell;
  guarded([&] { cell = start_cell(std::move(params), {.parent = current_node()}); });
  return Observation(cell.detach());
}

void score_current(ScoreParams params) noexcept { current_observation().score(std::move(params)); }

}  // namespace v0
}  // namespace llmtrace
