--- What a decoded document says of a failure, in the forms of every API that the
-- platform hands on. of() finds what calls itself one, in any document; whole()
-- reads a document that has nothing else to say, where a message is enough.
local ascii = require "yuanjing.base.ascii"
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"

local failures = {
  --- The message of a failure that has none.
  UNTOLD = "the platform reported a failure without a text",
}

-- Data ---------------------------------------------------------------------

-- Texts of the assets API that have a meaning of their own.
local KNOWN_TEXTS = {
  { text = "无效的素材组合ID或无权访问", code = "group_not_found",
    kind = "not_found" },
  { text = "素材不存在或无权访问", code = "asset_not_found",
    kind = "not_found" },
  { text = "供应商配置不存在", code = "vendor_not_configured" },
  { text = "供应商服务已停用", code = "vendor_disabled" },
  { text = "尚未完成认证或认证失败", code = "verification_incomplete" },
}

local function set_of(text)
  local set = {}
  for name in text:gmatch("[^ \n]+") do set[name] = true end
  return set
end

local function list_of(text)
  local list = {}
  for name in text:gmatch("[^ \n]+") do list[#list + 1] = name end
  return list
end

local FAILING = set_of "ERROR FAILED FAILURE FAIL"

-- What a vendor's null looks like after Python made a string of it.
local ABSENT = { [""] = true, none = true, null = true }

-- Where a failure's text may be, the most telling first. Names are compared in
-- small letters.
local TEXT_FIELDS = list_of [[ error message msg errmsg err_msg error_msg
  error_message errormessage status_msg detail faultstring exception reason
  title errors base_resp fault header data response resposne responsemetadata
  output result ]]

-- Of these a text alone, with nothing beside it, is a failure.
local TELLING = list_of [[ message msg errmsg err_msg error_msg error_message
  errormessage status_msg detail faultstring exception reason errors ]]

local CODE_FIELDS = list_of "code errcode error_code err_code errno status_code"
local CODE_PLACES = list_of [[ error data base_resp fault header detail response
  responsemetadata output result ]]
local TASK_FIELDS = { "taskid", "task_id" }
local STATUS_FIELDS = { "status", "taskstatus" }

-- Where the real answer may be wrapped in ("resposne" is the wire's).
local WRAPPERS = { "data", "resposne", "response" }
local MAX_WRAPS = 3

-- The same, and where some vendors tell how it went.
local CONTAINERS = list_of [[ data resposne response result output base_resp
  header fault responsemetadata ]]

-- Where there may be a list of what went well and what did not.
local LISTS = list_of "data resposne response result results output outputs"

-- Codes and words of something that goes well, or goes on, or only shows that
-- the sender is there.
local WELL = set_of [[ 0 200 ok okay success succeed succeeded successful true done
  finished complete completed stop end_turn length tool_calls ]]
local GOING_ON = set_of [[ processing pending running queued queueing queuing
  started starting created connected waiting in_progress ]]
local ALIVE = set_of [[ ping pong keepalive keep-alive keep_alive heartbeat
  heart-beat noop alive ]]

-- Lua patterns on lower-case text. "balance" alone is enough for a 429, not
-- for a 400, where it may be a parameter's name.
local NO_MONEY = {
  "insufficient[ \t-\r_-]*funds?", "insufficient[ \t-\r_-]*balance",
  "insufficient[ \t-\r_-]*quota", "not enough balance", "arrearage",
  "余额", "欠费",
}
local BALANCE = { "balance", "funds" }
local RATE = {
  "%f[A-Za-z]rate%f[^A-Za-z]", "ratelimit", "ratequota", "frequen", "too many",
  "throttl", "concurren", "频", "限流", "并发",
}
-- In a code or a type.
local RATE_CODES = { "rate_?%-?limit", "ratequota", "too_?many_?requests",
  "throttl", "concurren" }
-- In a text whose code is a number.
local RATE_TEXTS = { "rate limit", "too many requests", "too frequent", "throttl",
  "频率", "频繁", "限流" }
local AUTH = { "invalid_?%-?api_?%-?key", "unauthori[sz]ed", "authentication",
  "^forbidden", "access_?denied", "permission_?denied", "permission_error" }

-- These tell on whose side a plain text failed. Anchored, for a text may well
-- talk about errors.
local ERROR_OPENINGS = {
  "^%[?error", "^%d%d%d:", "^%d%d%d[ \t-\r]+[A-Za-z]", "^exception", "^traceback",
  "^unauthorized", "^forbidden", "^not found", "^failed", "^bad request",
  "^internal server error", "^invalid", "^missing", "^{'error'",
  "^insufficient", "^错误", "^失败", "^bad gateway", "^gateway time",
  "^service unavailable", "^too many requests", "^rate limit", "^quota",
  "^upstream ",
}

-- Small readers ------------------------------------------------------------

--- NB: "%s+$" would try each blank in the midst of a text anew.
---@param text string
---@return string
function failures.trim(text)
  local from = text:find("[^ \t-\r]")
  return from and text:match("^.*[^ \t-\r]", from) or ""
end

local trim = failures.trim

local function matches_any(text, patterns)
  for _, pattern in ipairs(patterns) do
    if text:find(pattern) then return true end
  end
  return false
end

-- A string, or a whole number's digits; nil for the rest. Ids and codes are
-- strings, whatever the wire made of them.
local function word(value)
  if type(value) == "string" then return value ~= "" and value or nil end
  if type(value) ~= "number" then return nil end
  return number.show(value)
end

local function first_word(record, names)
  for _, name in ipairs(names) do
    local found = word(record[name])
    if found then return found end
  end
end

--- Says nothing: null, false, 0, "", "None", and a table of nothing but those.
---@param value any
---@return boolean
function failures.is_empty(value)
  if type(value) == "string" then
    return ABSENT[ascii.lower(trim(value))] or false
  end
  if type(value) ~= "table" then
    return value == nil or value == false or value == 0 or value == json.null
  end
  for _, inner in pairs(value) do
    if not failures.is_empty(inner) then return false end
  end
  return true
end

local is_empty = failures.is_empty

local function is_record(value)
  return type(value) == "table" and value[1] == nil
end

-- A record with its names in small letters.
local function lowered(record)
  local copy = {}
  for name, value in pairs(record) do
    if type(name) == "string" then copy[ascii.lower(name)] = value end
  end
  return copy
end

--- The text that tells most about a failure, however deep it is wrapped.
---@param value any
---@return string?
function failures.find_text(value)
  if type(value) == "string" then
    return not is_empty(value) and value or nil
  end
  if type(value) ~= "table" then return nil end
  if value[1] ~= nil then return failures.find_text(value[1]) end
  local fields = lowered(value)
  for _, name in ipairs(TEXT_FIELDS) do
    local text = failures.find_text(fields[name])
    if text then return text end
  end
end

--- Whether a plain text, which is no answer, is an error's.
---@param text string
---@return boolean
function failures.reads_like_error(text)
  return matches_any(ascii.lower(text), ERROR_OPENINGS)
end

-- What calls itself a failure ----------------------------------------------

-- Adds what a known text means.
local function with_meaning(failure)
  for _, known in ipairs(KNOWN_TEXTS) do
    if failure.message:find(known.text, 1, true) then
      failure.code = known.code
      failure.kind = known.kind or failure.kind
    end
  end
  return failure
end

local function status_word(document)
  for _, name in ipairs(STATUS_FIELDS) do
    local status = document[name]
    if type(status) == "string" and FAILING[ascii.upper(trim(status))] then
      return ascii.upper(trim(status))
    end
  end
end

local function is_code_of_failure(value)
  local code = word(value)
  return code ~= nil and code ~= "0"
end

-- MiniMax tells how it went in a field of its own.
local function has_failing_code(document)
  local base = document.base_resp
  return is_code_of_failure(document.errcode)
    or is_code_of_failure(document.error_code)
    or is_record(base) and is_code_of_failure(base.status_code)
end

local function fails(document)
  return not is_empty(document.error) or status_word(document) ~= nil or
    document.success == false or has_failing_code(document)
    or document.object == "error"
end

-- What is left to say of a failure without a text.
local function spelled_out(document)
  local err = document.error
  local spelled = type(err) == "table"
    and (word(err.code) or word(err.type) or json.encode(err))
  if spelled then return spelled end
  local status = status_word(document)
  return status and ("the platform reported the status " .. status)
    or failures.UNTOLD
end

-- The most precise code there is; 0 stands for a success in every API.
local function code_of(document, depth)
  local fields = lowered(document)
  local own = first_word(fields, CODE_FIELDS)
  for _, name in ipairs(depth < MAX_WRAPS and CODE_PLACES or {}) do
    local place = fields[name]
    local code = is_record(place) and (name == "error" or not own)
      and code_of(place, depth + 1)
    if code then return code end
  end
  return own ~= "0" and own or nil
end

-- The task a failure is about: its id must not get lost.
local function task_of(document)
  local id = first_word(document, TASK_FIELDS) or
    is_record(document.data) and first_word(document.data, TASK_FIELDS)
  return id and { id = id, status = status_word(document) } or nil
end

local function describe(document)
  local err = document.error
  local message = failures.find_text(document) or spelled_out(document)
  return with_meaning {
    kind = "platform",
    message = trim(message),
    code = code_of(document, 0),
    type = is_record(err) and word(err.type)
      or document.object == "error" and word(document.type) or nil,
    task = task_of(document),
    state = status_word(document),
  }
end

local function failure_within(document, wraps)
  if not is_record(document) then return nil end
  if fails(document) then return describe(document) end
  if wraps == MAX_WRAPS then return nil end
  for _, name in ipairs(WRAPPERS) do
    local failure = failure_within(document[name], wraps + 1)
    if failure then
      failure.task = failure.task or task_of(document)
      return failure
    end
  end
end

--- What a decoded document says of a failure; nil when it says nothing of one.
--- A task that has FAILED and an asset that has Failed are failures here:
--- `state` is then FAILED, while a query that failed has ERROR or none.
---@param document any
---@return yuanjing.Failure?
function failures.of(document)
  return failure_within(document, 0)
end

-- A document as a whole ----------------------------------------------------

-- A text in small letters, without what stands around its words.
local function plain(value)
  local text = word(value) or value == true and "true" or ""
  return (trim(ascii.lower(text)):gsub("^[!-/:-@[-`{-~]+", "")
    :gsub("[!-/:-@[-`{-~]+$", ""))
end

local function is_harmless(value)
  local text = plain(value)
  return WELL[text] or GOING_ON[text] or ALIVE[text] or text == ""
end

-- What the record calls itself.
local function names_of(fields)
  return { plain(fields.type), plain(fields.event), plain(fields.object),
    plain(fields.status), plain(fields.state) }
end

-- Whether it says that all is well, and so that its message is no failure's.
local function is_well(fields)
  for _, name in ipairs(names_of(fields)) do
    if WELL[name] or GOING_ON[name] or ALIVE[name] then return true end
  end
  for _, name in ipairs(CODE_FIELDS) do
    if WELL[plain(fields[name])] then return true end
  end
  return fields.success == true
end

local function is_named_failure(fields)
  for _, name in ipairs(names_of(fields)) do
    if name:find("error", 1, true) or name:find("fail", 1, true) then
      return true
    end
  end
  local status = tonumber(fields.status)
  return status ~= nil and status >= 400
end

local function has_telling_text(fields)
  for _, name in ipairs(TELLING) do
    local text = type(fields[name]) ~= "table" and fields[name]
      or name ~= "message" and failures.find_text(fields[name])
    if type(text) == "string" and not is_empty(text) and not is_harmless(text)
    then
      return true
    end
  end
  return false
end

local function speaks_of_failure(document, wraps)
  local fields = lowered(document)
  if not is_empty(fields.error) or is_named_failure(fields) then return true end
  for _, name in ipairs(wraps < MAX_WRAPS and CONTAINERS or {}) do
    if is_record(fields[name]) and speaks_of_failure(fields[name], wraps + 1)
    then
      return true
    end
  end
  if is_well(fields) then return false end
  return first_word(fields, CODE_FIELDS) ~= nil or has_telling_text(fields)
end

-- What the items of a list within it say of a failure.
local function failure_in_lists(document, wraps)
  local fields = lowered(document)
  for _, name in ipairs(wraps < MAX_WRAPS and LISTS or {}) do
    local value, failure = fields[name], nil
    if is_record(value) then
      failure = failure_in_lists(value, wraps + 1)
    elseif type(value) == "table" then
      failure = failures.whole(value)
    end
    if failure then
      failure.task = failure.task or task_of(document)
      return failure
    end
  end
end

local function text_failure(text)
  if not failures.reads_like_error(text) then return nil end
  return with_meaning { kind = "platform", message = trim(text) }
end

--- What a document says of a failure that has no place for a text, no known part
--- of a chunk and no usage: a message, a code, a list around one. Nil: it says
--- nothing, like a sign of life.
---@param document any
---@param is_named? boolean it came in an event that is named as a failure
---@return yuanjing.Failure?
function failures.whole(document, is_named)
  if type(document) == "string" then
    return text_failure(document) or is_named
      and { kind = "platform", message = document } or nil
  end
  if type(document) ~= "table" then return nil end
  if document[1] ~= nil then
    for _, item in ipairs(document) do
      local failure = failures.whole(item, is_named)
      if failure then return failure end
    end
    return nil
  end
  local failure = failures.of(document)
  if failure then return failure end
  if is_named or speaks_of_failure(document, 0) then return describe(document) end
  return failure_in_lists(document, 0)
end

--- Whether a text in the place of a JSON event only shows that the sender is
--- there.
---@param text string
---@return boolean
function failures.is_sign_of_life(text)
  if text:find("^[ \t-\r]*:") then return true end
  local said = plain(text)
  return said == "" or is_harmless((said:gsub("[ \t-\r]+", "-")))
    or said == "openrouter processing"
end

-- Kinds --------------------------------------------------------------------

--- Whether a text in small letters tells that there is no money.
---@param text string
---@param status? integer of HTTP
---@return boolean
function failures.says_balance(text, status)
  if matches_any(text, NO_MONEY) then return true end
  return status == 429 and matches_any(text, BALANCE)
end

--- The platform's 429 is the balance unless something speaks for a rate.
---@param text string in small letters
---@param retry_after? number
---@return "balance"|"rate_limit"
function failures.kind_of_429(text, retry_after)
  if failures.says_balance(text, 429) then return "balance" end
  if retry_after or matches_any(text, RATE) then return "rate_limit" end
  return "balance"
end

local KINDS_OF_CODES = { ["401"] = "auth", ["402"] = "balance",
  ["403"] = "auth" }

--- The kind that the code of a failure names, or else its own. What a number
--- means stands in the text beside it.
---@param failure yuanjing.Failure
---@return string
function failures.named_kind(failure)
  local code, text = failure.code or "", ascii.lower(failure.message)
  local named = ascii.lower(code .. " " .. (failure.type or ""))
  local is_number = code:find("^%d+$") ~= nil
  if failure.kind ~= "platform" then return failure.kind end
  if code == "429" then return failures.kind_of_429(named .. " " .. text) end
  if KINDS_OF_CODES[code] then return KINDS_OF_CODES[code] end
  if matches_any(named, NO_MONEY) or is_number and matches_any(text, NO_MONEY)
  then
    return "balance"
  end
  if matches_any(named, AUTH) or is_number and matches_any(text, AUTH) then
    return "auth"
  end
  if matches_any(named, RATE_CODES)
    or is_number and matches_any(text, RATE_TEXTS) then
    return "rate_limit"
  end
  return failure.kind
end

--- The code of a document that need not be a failure.
---@param document table
---@return string?
function failures.code_of(document)
  return code_of(document, 0)
end

return failures
