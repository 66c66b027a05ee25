--- Answers in the dialects of many vendors and gateways, as they were seen in
-- public reports, made small. A stream has
--   data    documents, each a `data:` event; or `bytes`: the body itself
--   open    no [DONE] behind them
--   text, reasoning, refusal, ended_by   what the reply has
--   kind, message, code                  the error, with `text` so far
--   choices  their texts
-- An entry of `plain` is the body of an answer that is no stream.
local C = '{"choices":[{"index":0,"delta":{"content":"%s"}}]}'
local function c(text) return C:format(text) end
local STOP = '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'

local dialects = {}

dialects.failures = {
  -- name, document, message, code, kind
  { "code and message", '{"code":"DataInspectionFailed","message":"bad words",'
    .. '"request_id":"r"}', "bad words", "DataInspectionFailed" },
  { "detail", '{"detail":"engine is dead"}', "engine is dead" },
  { "a list of details", '{"detail":[{"loc":["body"],"msg":"field required",'
    .. '"type":"missing"}]}', "field required" },
  { "object error", '{"object":"error","message":"too long","type":'
    .. '"BadRequestError","param":null,"code":400}', "too long", "400" },
  { "base_resp", '{"base_resp":{"status_code":1008,"status_msg":'
    .. '"insufficient balance"}}', "insufficient balance", "1008", "balance" },
  { "base_resp in a chunk", '{"choices":null,"base_resp":{"status_code":1002,'
    .. '"status_msg":"rate limit"}}', "rate limit", "1002", "rate_limit" },
  { "msg", '{"msg":"no such user"}', "no such user" },
  { "message alone", '{"message":"quota exceeded"}', "quota exceeded" },
  { "a list around it", '[{"error":{"code":503,"message":"overloaded",'
    .. '"status":"UNAVAILABLE"}}]', "overloaded", "503" },
  { "error_code and error_msg", '{"error_code":336003,"error_msg":'
    .. '"the length is wrong","id":"1"}', "the length is wrong", "336003" },
  { "an error of type error", '{"type":"error","error":{"type":'
    .. '"overloaded_error","message":"Overloaded"}}', "Overloaded" },
  { "response.failed", '{"type":"response.failed","response":{"status":"failed",'
    .. '"error":{"code":"server_error","message":"it broke"}}}', "it broke",
    "server_error" },
  { "an error of numbers", '{"error":{"code":"1301","message":"bad"}}', "bad",
    "1301" },
  { "a code of authorization", '{"error":{"code":"invalid_api_key","message":'
    .. '"who are you"}}', "who are you", "invalid_api_key", "auth" },
  { "a status of 401", '{"code":401,"msg":"token expired"}', "token expired",
    "401", "auth" },
  { "throttling", '{"code":"Throttling.RateQuota","message":"slow down"}',
    "slow down", "Throttling.RateQuota", "rate_limit" },
  { "no funds", '{"code":"Arrearage","message":"Access denied."}',
    "Access denied.", "Arrearage", "balance" },
  { "a code of 429 about a rate", '{"code":429,"message":"Too many requests"}',
    "Too many requests", "429", "rate_limit" },
  { "capital letters", '{"Code":"Invalid","Message":"no such thing"}',
    "no such thing", "Invalid" },
  { "ResponseMetadata", '{"ResponseMetadata":{"RequestId":"r","Error":{"Code":'
    .. '"AccessDenied","Message":"no rights"}}}', "no rights", "AccessDenied",
    "auth" },
  { "Response", '{"Response":{"Error":{"Code":"FailedOperation","Message":'
    .. '"it failed"}}}', "it failed", "FailedOperation" },
  { "a header", '{"header":{"code":10013,"message":"not allowed","sid":"x",'
    .. '"status":2}}', "not allowed", "10013" },
  { "a problem document", '{"type":"about:blank","title":"Bad Gateway",'
    .. '"status":502}', "Bad Gateway" },
  { "a fault", '{"fault":{"faultstring":"quota violation","detail":{"errorcode":'
    .. '"policies.QuotaViolation"}}}', "quota violation" },
  { "errors", '{"success":false,"errors":[{"code":10000,"message":"no auth"}]}',
    "no auth" },
  { "an item of a list in data", '{"data":[{"status":"ok"},{"error":{"code":"E1",'
    .. '"message":"the second"}}]}', "the second", "E1" },
  { "a list deeper in it", '{"data":{"results":[{"success":false,"msg":"deep"}]}}',
    "deep" },
  { "a text in a list", '{"data":["Error: no such model"]}',
    "Error: no such model" },
  { "a code without a text", '{"code":"InternalError"}', nil, "InternalError" },
  { "an error with everything else null", '{"id":null,"choices":null,"error":'
    .. '{"message":"boom"}}', "boom" },
  { "a message of something in choices", '{"choices":[],"message":"no gpu left"}',
    "no gpu left" },
}

-- None of these has a text.
dialects.signs_of_life = {
  ": keepalive", ": OPENROUTER PROCESSING", "ping", "PING", "", " ", "keep-alive",
  "[keepalive]", "heartbeat", "null", "5", "1732871234", "true", '"ping"', "{}",
  "[]", '{"type":"ping"}', '{"event":"heartbeat"}', '{"choices":[]}',
  '{"id":"x","object":"chat.completion.chunk","choices":[]}',
  '{"error":null}', '{"error":null,"choices":[]}', '{"message":""}',
  '{"code":0}', '{"code":0,"message":"success"}', '{"success":true}',
  '{"status":"ok"}', '{"code":200,"msg":"ok"}', '{"status":"processing"}',
  '{"status":"processing","message":"waiting for a worker"}',
  '{"choices":[{"index":0,"delta":{}}]}',
  '{"choices":[{"index":0,"delta":{"content":""},"finish_reason":null}]}',
  '{"base_resp":{"status_code":0,"status_msg":"success"}}', '{"error":""}',
  '{"type":"ping","message":"still here"}', '{"data":[]}',
  '{"data":[{"status":"ok"},{"code":0,"message":"success"},"done"]}',
}

dialects.streams = {
  { name = "parts", data = {
    '{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":'
      .. '"text","text":"hmm"}]}]}}]}',
    '{"choices":[{"delta":{"content":[{"type":"text","text":"Hi "},"there"]}}]}',
    STOP }, text = "Hi there", reasoning = "hmm" },
  { name = "numbers", data = { '{"choices":[{"delta":{"content":4}}]}',
    '{"choices":[{"delta":{"content":2.5}}]}', STOP }, text = "42.5" },
  { name = "completions", data = { '{"choices":[{"index":0,"text":"Hi"}]}',
    '{"choices":[{"index":0,"text":" you","finish_reason":"length"}]}' },
    text = "Hi you", ended_by = "length" },
  { name = "reasoning", data = { '{"choices":[{"delta":{"reasoning":"hm"}}]}',
    '{"choices":[{"delta":{"reasoning":"m","reasoning_details":[{"type":'
      .. '"reasoning.text","text":"m"}]}}]}', c "Hi", STOP },
    text = "Hi", reasoning = "hmm" },
  { name = "both kinds of reasoning", data = {
    '{"choices":[{"delta":{"reasoning":"hm","reasoning_content":"hm"}}]}',
    c "Hi", STOP }, text = "Hi", reasoning = "hm" },
  { name = "a refusal", data = {
    '{"choices":[{"delta":{"role":"assistant","content":null,"refusal":""}}]}',
    '{"choices":[{"delta":{"refusal":"I can "}}]}',
    '{"choices":[{"delta":{"refusal":"not."}}]}', STOP },
    text = "I can not.", refusal = "I can not." },
  { name = "events of a messages API", bytes = [[
event: message_start
data: {"type":"message_start","message":{"id":"m1","role":"assistant",
data: "content":[],"stop_reason":null,"usage":{"input_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" you"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

]], text = "Hi you", ended_by = "end_turn" },
  { name = "events of a responses API", bytes = [[
event: response.created
data: {"type":"response.created","response":{"id":"r1","status":"in_progress","error":null}}

event: response.reasoning_summary_text.delta
data: {"type":"response.reasoning_summary_text.delta","delta":"hm"}

event: response.reasoning_summary_text.done
data: {"type":"response.reasoning_summary_text.done","text":"hm"}

event: response.output_text.delta
data: {"type":"response.output_text.delta","delta":"Hi"}

event: response.output_text.delta
data: {"type":"response.output_text.delta","delta":" you"}

event: response.output_text.done
data: {"type":"response.output_text.done","text":"Hi you"}

event: response.completed
data: {"type":"response.completed","response":{"id":"r1","status":"completed","error":null,"usage":{"total_tokens":3}}}

]], text = "Hi you", reasoning = "hm" },
  { name = "a message in a delta", data = {
    '{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi"}}}}',
    '{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}' },
    text = "Hi", ended_by = "COMPLETE" },
  { name = "an is_end", data = { '{"result":"Hi","is_end":false}',
    '{"result":" you","is_end":true}' }, text = "Hi you" },
  { name = "output.text that grows", bytes = [[
id:1
event:result
:HTTP_STATUS/200
data:{"output":{"text":"Hi","finish_reason":"null"},"usage":{"total_tokens":1},"request_id":"r"}

id:2
event:result
:HTTP_STATUS/200
data:{"output":{"text":"Hi you","finish_reason":"stop"},"usage":{"total_tokens":2},"request_id":"r"}

]], text = "Hi you" },
  { name = "output.choices", open = true, data = {
    '{"output":{"choices":[{"message":{"content":"Hi","role":"assistant"},'
      .. '"finish_reason":"null"}]},"usage":{"total_tokens":1}}',
    '{"output":{"choices":[{"message":{"content":" you","role":"assistant"},'
      .. '"finish_reason":"stop"}]},"usage":{"total_tokens":2}}' },
    text = "Hi you" },
  { name = "a list of candidates", open = true, data = {
    '{"candidates":[{"content":{"parts":[{"text":"Hi"}],"role":"model"}}]}',
    '{"candidates":[{"content":{"parts":[{"text":" you"}],"role":"model"},'
      .. '"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":3}}' },
    text = "Hi you", ended_by = "STOP" },
  { name = "message at the top", bytes =
    '{"model":"m","message":{"role":"assistant","content":"Hi"},"done":false}\n'
    .. '{"model":"m","message":{"role":"assistant","content":" you"},'
    .. '"done":false}\n{"model":"m","message":{"role":"assistant","content":""},'
    .. '"done":true,"done_reason":"length"}\n', text = "Hi you",
    ended_by = "length" },
  { name = "result", data = { '{"id":"1","result":"Hi","is_end":false}',
    '{"id":"1","result":" you","is_end":true,"usage":{"total_tokens":3}}' },
    text = "Hi you" },
  -- finish reasons
  { name = "reasons that are none", open = true, data = {
    '{"choices":[{"delta":{"content":"a"},"finish_reason":"null"}]}',
    '{"choices":[{"delta":{"content":"b"},"finish_reason":"None"}]}',
    '{"choices":[{"delta":{"content":"c"},"finish_reason":""}]}' },
    kind = "truncated", text = "abc" },
  { name = "text behind a reason", open = true, data = { c "a", STOP, c "b" },
    kind = "truncated", text = "ab" },
  { name = "text behind a reason, and a reason", open = true, data = { c "a",
    STOP, c "b",
    '{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}' },
    text = "ab", ended_by = "length" },
  { name = "a quoted end", open = true,
    bytes = "data: " .. c "a" .. '\n\nevent:done\ndata:"[DONE]"\n\n',
    text = "a" },
  { name = "a reason that is an error", data = { c "Half",
    '{"choices":[{"delta":{"content":""},"finish_reason":"error","error":'
      .. '{"code":502,"message":"Provider disconnected"}}]}' },
    kind = "platform", message = "Provider disconnected", code = "502",
    text = "Half" },
  { name = "a reason that is an error and says no more", data = { c "Half",
    '{"choices":[{"delta":{},"finish_reason":"error"}]}' },
    kind = "platform", text = "Half", message = "the answer ended with error" },
  { name = "text beside an error", data = { c "a",
    '{"choices":[{"delta":{"content":"b"}}],"error":"late"}' },
    kind = "platform", message = "late", text = "ab" },
  -- snapshots
  { name = "a last message", data = { c "Hello", c " world",
    '{"object":"chat.completion","choices":[{"index":0,"finish_reason":"stop",'
      .. '"message":{"role":"assistant","content":"Hello world"}}]}' },
    text = "Hello world" },
  { name = "a last message that is longer", data = { c "Hello", c " wor",
    '{"choices":[{"index":0,"finish_reason":"stop",'
      .. '"message":{"role":"assistant","content":"Hello world"}}]}' },
    text = "Hello world" },
  { name = "a last message and an empty delta", data = { c "Hello", c " world",
    '{"choices":[{"index":0,"finish_reason":"stop","delta":{"content":""},'
      .. '"message":{"role":"assistant","content":"Hello world"}}]}' },
    text = "Hello world" },
  { name = "a last delta that repeats", data = { c "Hello", c " world",
    '{"choices":[{"index":0,"finish_reason":"stop",'
      .. '"delta":{"role":"assistant","content":"Hello world"}}]}' },
    text = "Hello world" },
  { name = "a last copy at the top", data = { c "Hello", c " world",
    '{"choices":[{"index":0,"finish_reason":"stop","delta":{}}],'
      .. '"content":"Hello world"}' }, text = "Hello world" },
  { name = "reasoning repeated at the end", data = {
    '{"choices":[{"delta":{"reasoning_content":"I think"}}]}', c "Hello",
    c " world", '{"choices":[{"finish_reason":"stop","message":{"content":'
      .. '"Hello world","reasoning_content":"I think"}}]}' },
    text = "Hello world", reasoning = "I think" },
  { name = "messages that go on", data = {
    '{"choices":[{"message":{"content":"ha"}}]}',
    '{"choices":[{"message":{"content":"ha"}}]}',
    '{"choices":[{"message":{"content":"!"},"finish_reason":"stop"}]}' },
    text = "haha!" },
  { name = "messages that grow", data = {
    '{"choices":[{"message":{"content":"Hello"}}]}',
    '{"choices":[{"message":{"content":"Hello wor"}}]}',
    '{"choices":[{"message":{"content":"Hello world"}}]}',
    '{"choices":[{"message":{"content":"Hello world"},"finish_reason":"stop"}]}',
    }, text = "Hello world" },
  { name = "both copies", data = {
    '{"choices":[{"delta":{"content":"a"},"message":{"content":"a"}}]}',
    '{"choices":[{"delta":{"content":"b"},"message":{"content":"b"}}]}', STOP },
    text = "ab" },
  { name = "both copies that grow", data = {
    '{"choices":[{"delta":{"content":"a"},"message":{"content":"a"}}]}',
    '{"choices":[{"delta":{"content":"b"},"message":{"content":"ab"}}]}', STOP },
    text = "ab" },
  { name = "the same token twice at the end", data = { c "no",
    '{"choices":[{"index":0,"delta":{"content":"no"},"finish_reason":"stop"}]}' },
    text = "nono" },
  -- choices
  { name = "two choices in turn", data = { c "red",
    '{"choices":[{"index":1,"delta":{"content":"BLUE"}}]}', c " fox",
    '{"choices":[{"index":1,"delta":{"content":" WHALE"}}]}',
    '{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}', STOP },
    text = "red fox", choices = { "red fox", "BLUE WHALE" } },
  { name = "two choices at once", data = {
    '{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":'
      .. '{"content":"x"}}]}',
    '{"choices":[{"index":1,"delta":{"content":"y"}},{"index":0,"delta":'
      .. '{"content":"b"}}]}', STOP,
    '{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}' },
    text = "ab", choices = { "ab", "xy" } },
  { name = "choices one after the other", data = { c "a", c "b", STOP,
    '{"choices":[{"index":1,"delta":{"content":"x"}}]}',
    '{"choices":[{"index":1,"delta":{"content":"y"},"finish_reason":"stop"}]}' },
    text = "ab", choices = { "ab", "xy" } },
  { name = "the second choice first", data = {
    '{"choices":[{"index":1,"delta":{"content":"x"}}]}', c "a",
    '{"choices":[{"index":1,"delta":{"content":"y"}}]}', c "b", STOP,
    '{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}' },
    text = "ab", choices = { "ab", "xy" } },
  { name = "one of two choices cut", open = true, data = { c "red",
    '{"choices":[{"index":1,"delta":{"content":"BLUE"}}]}',
    '{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}', c " fo" },
    kind = "truncated", text = "red fo" },
  { name = "the other of two choices cut", open = true, data = { c "red",
    '{"choices":[{"index":1,"delta":{"content":"BLUE"}}]}', c " fox", STOP },
    kind = "truncated", text = "red fox" },
  { name = "an index that counts events", data = { c "a",
    '{"choices":[{"index":1,"delta":{"content":"b"}}]}',
    '{"choices":[{"index":2,"delta":{"content":"c"}}]}',
    '{"choices":[{"index":3,"delta":{},"finish_reason":"stop"}]}' },
    text = "abc", choices = { "abc" } },
  { name = "an index from 1 on", data = {
    '{"choices":[{"index":1,"delta":{"content":"a"}}]}',
    '{"choices":[{"index":1,"delta":{"content":"b"}}]}',
    '{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}' },
    text = "ab", choices = { "ab" } },
  -- odd characters
  { name = "half pairs in two events", data = { c "Hi ", c "\\ud83d",
    c "\\ude00 bye", STOP }, text = "Hi 😀 bye" },
  { name = "half a pair and another text", data = { c "a\\ud83d", c "b", STOP },
    text = "a\239\191\189b" },
  { name = "half a pair at the end", data = { c "a\\ud83d", STOP },
    text = "a\239\191\189" },
  { name = "a second half alone", data = { c "\\ude00a", STOP },
    text = "\239\191\189a" },
  { name = "two first halves", data = { c "\\ud83d", c "\\ud83d\\ude00", STOP },
    text = "\239\191\189😀" },
  { name = "a pair cut by a sign of life", data = { c "\\ud83d",
    '{"type":"ping"}', c "\\ude00", STOP }, text = "😀" },
  { name = "a pair cut in parts", data = {
    '{"choices":[{"delta":{"content":[{"type":"text","text":"\\ud83d"}]}}]}',
    c "\\ude00", STOP }, text = "😀" },
  { name = "a pair cut in reasoning", data = {
    '{"choices":[{"delta":{"reasoning_content":"\\ud83d"}}]}',
    '{"choices":[{"delta":{"reasoning_content":"\\ude00"}}]}', c "a", STOP },
    text = "a", reasoning = "😀" },
  { name = "half a pair where nobody reads", data = {
    '{"x":"\\ud83d","choices":[{"index":0,"delta":{"content":"a"}}]}', STOP },
    text = "a" },
  { name = "a pair cut in another choice", data = { c "a",
    '{"choices":[{"index":1,"delta":{"content":"\\ud83d"}}]}', c "b",
    '{"choices":[{"index":1,"delta":{"content":"\\ude00"}}]}' },
    text = "ab", choices = { "ab", "😀" } },
  { name = "an escaped backslash", data = { c "\\\\ud83d", c "\\\\ude00", STOP },
    text = "\\ud83d\\ude00" },
  -- framing
  { name = "fields that nobody knows", bytes = "x-request-id: 77\ndata: " .. c "a"
    .. "\n\nfoo: bar\nping\nbaz\ndata: " .. c "b" .. "\n\ndata: [DONE]\n\n",
    text = "ab" },
  { name = "fields between the lines of an event", bytes = 'data: {"choices":\n'
    .. 'foo: bar\n: hi\nid: 4\ndata: [{"delta":{"content":"a"}}]}\n\n'
    .. "data: [DONE]\n\n", text = "a" },
  { name = "a mark in the middle", bytes = "data: " .. c "a"
    .. "\n\n\239\187\191data: " .. c "b" .. "\n\ndata: [DONE]\n\n", text = "ab" },
  { name = "an error named as such", bytes = "data: " .. c "a"
    .. '\n\nevent: error\ndata: {"what":"it broke"}\n\ndata: [DONE]\n\n',
    kind = "platform", text = "a" },
  { name = "a text named as an error", bytes = "data: " .. c "a"
    .. "\n\nevent: error\ndata: upstream timed out\n\ndata: [DONE]\n\n",
    kind = "platform", message = "upstream timed out", text = "a" },
  { name = "a string named as an error", bytes = "data: " .. c "a"
    .. '\n\nevent: error\ndata: "it broke"\n\ndata: [DONE]\n\n',
    kind = "platform", message = "it broke", text = "a" },
  { name = "a page in the middle", bytes = "data: " .. c "a"
    .. "\n\n<html>\n<head><title>502 Bad Gateway</title></head>\n"
    .. "<body>\n<h1>502 Bad Gateway</h1>\n</body>\n</html>\n",
    kind = "decode", message = "the answer is HTML: 502 Bad Gateway",
    text = "a" },
  { name = "a bare error text in the middle", bytes = "data: " .. c "a"
    .. "\n\nInternal Server Error\n\ndata: [DONE]\n\n", kind = "platform",
    message = "Internal Server Error", text = "a" },
  { name = "an error text as data", data = { c "a", "rate limit exceeded" },
    kind = "platform", message = "rate limit exceeded", text = "a" },
  { name = "what nobody understands", data = { c "a", "what is this" },
    kind = "decode", text = "a" },
  { name = "a content that is no text", data = {
    '{"choices":[{"delta":{"content":true}}]}' }, kind = "decode", text = "" },
  { name = "nothing but what nobody knows", data = { '{"foo":{"bar":"Hi"}}' },
    kind = "decode", text = "" },
  { name = "nothing but signs of life", data = { '{"choices":[]}', "ping" },
    kind = "decode", text = "" },
}

dialects.plain = {
  { "parts", '{"choices":[{"message":{"content":[{"type":"thinking","thinking":'
    .. '"hmm"},{"type":"text","text":"Hi"}]}}]}', text = "Hi",
    reasoning = "hmm" },
  { "a number", '{"choices":[{"message":{"content":42}}]}', text = "42" },
  { "a completion", '{"choices":[{"text":"Hi","finish_reason":"length"}]}',
    text = "Hi", ended_by = "length" },
  { "a refusal", '{"choices":[{"message":{"content":null,"refusal":"No."}}]}',
    text = "No.", refusal = "No." },
  { "reasoning", '{"choices":[{"message":{"content":"a","reasoning":"b"}}]}',
    text = "a", reasoning = "b" },
  { "choices in another order", '{"choices":[{"index":1,"message":{"content":'
    .. '"x"},"finish_reason":"length"},{"index":0,"message":{"content":"a"},'
    .. '"finish_reason":"stop"}]}', text = "a", choices = { "a", "x" } },
  { "a reason that is none",
    '{"choices":[{"message":{"content":"a"},"finish_reason":"None"}]}',
    text = "a" },
  { "output.text", '{"output":{"text":"Hi","finish_reason":"stop"},"usage":{}}',
    text = "Hi" },
  { "output.choices", '{"output":{"choices":[{"message":{"content":[{"text":'
    .. '"Hi"}]},"finish_reason":"stop"}]}}', text = "Hi" },
  { "a messages API", '{"type":"message","role":"assistant","content":[{"type":'
    .. '"text","text":"Hi"}],"stop_reason":"end_turn"}', text = "Hi",
    ended_by = "end_turn" },
  { "candidates", '{"candidates":[{"content":{"parts":[{"text":"Hi"}]},'
    .. '"finishReason":"STOP"}]}', text = "Hi", ended_by = "STOP" },
  { "result", '{"result":"Hi","error_code":0}', text = "Hi" },
  { "half a pair", '{"choices":[{"message":{"content":"Hi \\ud83d"}}]}',
    text = "Hi \239\191\189" },
  { "half a character", '{"choices":[{"message":{"content":"Hi \240\159"}}]}',
    text = "Hi \239\191\189" },
  { "an error in the choice", '{"choices":[{"message":{"content":"Half"},'
    .. '"finish_reason":"error","error":{"code":502,"message":"gone"}}]}',
    kind = "platform", message = "gone", code = "502" },
  { "a content that is no text", '{"choices":[{"message":{"content":true}}]}',
    kind = "decode" },
  { "an id first", "id: 1\nevent: result\n:HTTP_STATUS/200\ndata: " .. c "Hi"
    .. "\n\ndata: [DONE]\n\n", text = "Hi" },
  { "a retry first", "retry: 100\n\ndata: " .. c "Hi" .. "\n\ndata: [DONE]\n\n",
    text = "Hi" },
  { "an unknown field first", "x-id: 1\ndata: " .. c "Hi"
    .. "\n\ndata: [DONE]\n\n", text = "Hi" },
  { "an error event", 'event: error\ndata: {"message":"no"}\n\n',
    kind = "platform", message = "no" },
  { "a comment first", ": hi\n\ndata: " .. c "Hi" .. "\n\ndata: [DONE]\n\n",
    text = "Hi" },
}

local function body_of(case)
  if case.bytes then return case.bytes end
  local lines = {}
  for n, document in ipairs(case.data) do lines[n] = "data: " .. document end
  if not case.open then lines[#lines + 1] = "data: [DONE]" end
  return table.concat(lines, "\n\n") .. "\n\n"
end

for _, case in ipairs(dialects.streams) do case.body = body_of(case) end

--- A stream with this event between two texts, followed by `rest`.
function dialects.around(event, rest)
  return ("data: %s\n\ndata: %s\n\n%s"):format(c "a", event,
    rest or ("data: %s\n\ndata: %s\n\ndata: [DONE]\n\n"):format(c "b", STOP))
end

return dialects
