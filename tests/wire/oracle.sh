#!/usr/bin/env bash
# The golden bodies, read by programs that are not ours:   oracle.sh SCRATCH_DIR
# - OTLP protobuf by protoc with OpenTelemetry's own .proto files; OTLP JSON must say the same
# - ingestion batches and scores by ajv against the schemas of Langfuse's OpenAPI description
# - LangSmith's runs and feedback the same way; multipart bodies by two parsers; ids, paths and headers by
#   the official client
# The .proto files, ajv, the client and a current Node come from npm, by the lock file beside this.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
scratch=$(cd "$1" && pwd)/oracle
mkdir -p "$scratch"
cp "$here/package.json" "$here/package-lock.json" "$here"/*.mjs "$scratch"
cd "$scratch"
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { cat npm.log; exit 1; }
  cp package-lock.json node_modules/.installed
fi
node=node_modules/node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')/bin/node
[ -x "$node" ] || node=$(command -v node)

protos=node_modules/@opentelemetry/otlp-grpc-exporter-base/build/protos
protoc -I "$protos" \
  --decode=opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest \
  opentelemetry/proto/collector/trace/v1/trace_service.proto <"$here/golden/otlp.binpb" >otlp.txt
spans=$(grep -c '^    spans {' otlp.txt)
echo "protoc reads $spans spans"
[ "$spans" -gt 0 ]
# A field that the schema does not know would stand there as a number.
! grep -nE '^ *[0-9]+:' otlp.txt

"$node" same_spans.mjs "$protos" "$here/golden/otlp.binpb" "$here/golden/otlp.json"
"$node" validate.mjs "$here/schema/langfuse.json" "$here/golden"
"$node" headers.mjs "$here/input/langsmith_headers.txt"
"$node" validate_langsmith.mjs "$here/schema/langsmith.json" "$here/golden" \
  "$here/input/langsmith_headers.txt"
