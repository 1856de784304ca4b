// An input or output read as a chat: [{role, name, parts: [...]}], or null when it is none. Understood are the
// messages of OpenAI (chat completions and responses), Anthropic, LangChain and OpenTelemetry's GenAI
// conventions, alone, in arrays, and inside the usual envelopes. What a part does not know it keeps as JSON:
// nothing that was sent is left out of the view.
//
// A part is one of {kind: "text", text}, {kind: "reasoning", text}, {kind: "call", id, name, arguments},
// {kind: "result", id, value}, {kind: "image", url} and {kind: "json", value}.

// Maps and not objects, for what is looked up is a stranger's: "__proto__" is no role.
const kRoles = new Map([["human", "user"], ["ai", "assistant"], ["AIMessageChunk", "assistant"], ["model", "assistant"], ["function", "tool"]]);
const kEnvelopes = ["messages", "input", "inputs", "output", "outputs", "prompt"];

export function chatOf(value) {
  const messages = messagesOf(value, 0);
  return messages && messages.length > 0 ? messages : null;
}

function messagesOf(value, depth) {
  if (depth > 3 || value == null || typeof value !== "object") return null;
  if (Array.isArray(value)) return listOf(value, depth);
  return messageOf(value) ?? choicesOf(value) ?? generationsOf(value) ?? envelopeOf(value, depth);
}

function listOf(list, depth) {
  if (list.length === 0) return null;
  if (list.length === 1 && Array.isArray(list[0])) return listOf(list[0], depth + 1); // LangChain's batch of one
  const messages = list.map((item) => (item && typeof item === "object" ? messageOf(item) : null));
  if (messages.some((message) => message === null)) return null;
  return messages.flat();
}

function choicesOf(value) {
  if (!Array.isArray(value.choices)) return null;
  const messages = value.choices.map((choice) => choice && messageOf(choice.message ?? choice.delta ?? choice));
  if (messages.length === 0 || messages.some((message) => !message)) return null;
  return messages.flat().map((message, index) => ({ ...message, finish: message.finish ?? textOf(value.choices[index]?.finish_reason) }));
}

function generationsOf(value) {
  if (!Array.isArray(value.generations)) return null;
  const messages = value.generations.flat().map((one) => {
    if (!one || typeof one !== "object") return null;
    return messageOf(one.message) ?? (typeof one.text === "string" ? [plain("assistant", one.text)] : null);
  });
  return messages.some((message) => message === null) ? null : messages.flat();
}

// {system, messages} is Anthropic's request, {instructions, input} OpenAI's.
function envelopeOf(value, depth) {
  for (const key of kEnvelopes) {
    const inner = messagesOf(value[key], depth + 1);
    if (!inner) continue;
    const system = value.system ?? value.instructions;
    return system === undefined ? inner : [{ role: "system", parts: partsOf(system) }, ...inner];
  }
  return null;
}

function plain(role, text) {
  return { role, parts: [{ kind: "text", text }] };
}

// An array, for Responses' items without a role of their own are messages too.
function messageOf(value) {
  if (!value || typeof value !== "object" || Array.isArray(value)) return null;
  const langchain = value.kwargs ?? (value.data && typeof value.data === "object" ? value.data : undefined);
  const role = roleOf(value);
  if (langchain && role) return [built({ ...langchain, role })];
  if (typeof value.role === "string" || (role && "content" in value)) return [built({ ...value, role })];
  return itemOf(value);
}

function roleOf(value) {
  if (typeof value.role === "string") return kRoles.get(value.role) ?? value.role;
  const named = Array.isArray(value.id) ? String(value.id.at(-1)) : value.type;
  if (typeof named !== "string") return null;
  if (kRoles.has(named)) return kRoles.get(named);
  const byClass = /^(Human|AI|System|Tool|Function|Chat)Message(Chunk)?$/.exec(named);
  if (byClass) return kRoles.get(byClass[1].toLowerCase()) ?? byClass[1].toLowerCase();
  return ["user", "assistant", "system", "tool", "developer"].includes(named) ? named : null;
}

// An item of OpenAI's Responses that has no role.
function itemOf(value) {
  if (value.type === "function_call" && value.name) return [{ role: "assistant", parts: [callPart(value)] }];
  if (value.type === "function_call_output") {
    return [{ role: "tool", parts: [{ kind: "result", id: value.call_id, value: value.output }] }];
  }
  if (value.type === "reasoning" && Array.isArray(value.summary)) {
    return [{ role: "assistant", parts: value.summary.map((one) => ({ kind: "reasoning", text: String(one?.text ?? "") })) }];
  }
  return null;
}

function built(value) {
  const parts = partsOf(value.parts ?? value.content);
  const reasoning = value.reasoning_content ?? value.reasoning;
  if (typeof reasoning === "string" && reasoning) parts.unshift({ kind: "reasoning", text: reasoning });
  if (typeof value.refusal === "string") parts.push({ kind: "text", text: value.refusal });
  const calls = value.tool_calls ?? value.additional_kwargs?.tool_calls;
  if (Array.isArray(calls)) parts.push(...calls.map(callPart));
  if (value.function_call && typeof value.function_call === "object") parts.push(callPart(value.function_call));
  return {
    role: textOf(value.role) ?? "message",
    name: textOf(value.name),
    answers: textOf(value.tool_call_id),
    finish: textOf(value.finish_reason ?? value.stop_reason),
    parts,
  };
}

// What stands in a heading must be text, whatever was sent.
function textOf(value) {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function partsOf(content) {
  if (content == null) return [];
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content }];
  if (Array.isArray(content)) return content.map(partOf);
  return [partOf(content)];
}

function partOf(part) {
  if (typeof part === "string") return { kind: "text", text: part };
  if (!part || typeof part !== "object") return { kind: "json", value: part };
  switch (part.type) {
    case "tool_use":
    case "tool_call":
    case "function_call":
      return callPart(part);
    case "tool_result":
    case "tool_call_response":
      return { kind: "result", id: part.tool_use_id ?? part.id, value: part.content ?? part.result ?? part.response };
    case "thinking":
    case "reasoning":
      return { kind: "reasoning", text: String(part.thinking ?? part.content ?? part.text ?? "") };
    default:
      return textPart(part) ?? imagePart(part) ?? { kind: "json", value: part };
  }
}

function textPart(part) {
  const text = part.text ?? (part.type === "text" || part.type === "refusal" ? part.content ?? part.refusal : undefined);
  return typeof text === "string" ? { kind: "text", text } : null;
}

function imagePart(part) {
  if (part.type === "image" && part.source?.type === "base64") {
    return { kind: "image", url: `data:${part.source.media_type};base64,${part.source.data}` };
  }
  const url = part.image_url?.url ?? part.image_url;
  return typeof url === "string" ? { kind: "image", url } : null;
}

function callPart(call) {
  const inner = call?.function ?? call ?? {};
  return {
    kind: "call",
    id: textOf(call?.id ?? call?.call_id),
    name: textOf(inner.name) ?? "function",
    arguments: parsedOr(inner.arguments ?? inner.args ?? inner.input),
  };
}

/// JSON text as its value; what is no JSON text as it is.
export function parsedOr(value) {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
