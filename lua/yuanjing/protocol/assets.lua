--- The protocol of the real-person assets: its paths, its fields and both of its
-- envelopes (docs/platform.md#real-person-assets). Clients of either API use it.
local answers = require "yuanjing.protocol.task.answer"
local ascii = require "yuanjing.base.ascii"
local embed = require "yuanjing.protocol.embed"
local envelope = require "yuanjing.protocol.answer.envelope"
local errors = require "yuanjing.errors"
local form = require "yuanjing.protocol.form"
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"
local reading = require "yuanjing.protocol.answer.reading"
local record = require "yuanjing.protocol.answer.record"
local reasons = require "yuanjing.protocol.task.reasons"

local assets = {
  --- Seconds in which the person must open the link of a verification.
  LINK_SECONDS = 120,
  --- Seconds for which the link to an asset's file is valid.
  URL_SECONDS = 12 * 3600,
  --- The status of an asset that was not queried yet.
  FIRST_STATUS = "Processing",
}

local PATHS = require("yuanjing.protocol.endpoints").assets

local text_of = record.word

-- The inner record of `{"status":"ok","data":{...}}`; the fields may also stand
-- in the document itself.
local function content_of(document)
  return json.is_object(document.data) and document.data or document
end

local function unreadable(what)
  return nil, { kind = "decode", message = "the answer has " .. what }
end

local function call(settings, name, request, read)
  request.method, request.base, request.path = "POST", "asset_url",
    PATHS[name]
  return reading.fetch_answer(settings, request, read)
end

-- Answers ------------------------------------------------------------------

local function read_session(document)
  local failure = envelope.failure(document)
  if failure then return nil, failure end
  local content = content_of(document)
  if not text_of(content.h5_link) then return unreadable("no h5_link") end
  return { id = text_of(content.id), h5_link = content.h5_link,
    byted_token = text_of(content.byted_token), raw = document }
end

-- The list of that name in the inner record, or `data` if that is the list.
local function list_in(document, name)
  local list = content_of(document)[name] or document.data
  if type(list) ~= "table" or not (list[1] or next(list) == nil) then
    return nil
  end
  return list
end

local function read_list(document, name)
  local failure = envelope.failure(document)
  if failure then return nil, failure end
  local list = list_in(document, name)
  if not list then return unreadable("no list of " .. name) end
  return list
end

local GROUP_FIELDS = { "vendor_group_id", "vendor", "name", "status",
  "create_time" }

---@class yuanjing.Group
---@field vendor_group_id string what an upload names
---@field vendor? string
---@field name? string
---@field status? string "active" when files can be uploaded to it
---@field create_time? string on the platform's clock

local function read_groups(document)
  local list, failure = read_list(document, "groups")
  if not list then return nil, failure end
  for _, group in ipairs(list) do
    if not json.is_object(group) then return unreadable("a group that is none") end
    for _, name in ipairs(GROUP_FIELDS) do
      group[name] = text_of(group[name])
    end
  end
  return list
end

---@class yuanjing.AssetFields
---@field id? string
---@field vendor_asset_id? string
---@field status? string as the platform writes it: Processing, Active, Failed
---@field url? string
---@field name? string
---@field asset_type? string
---@field create_time? string
---@field failure? table fields of an error: it has failed

local FIELDS = { "vendor_asset_id", "url", "name", "asset_type", "create_time" }

-- NB: "ok" is the status of an answer, never of an asset.
local function status_of(content)
  local status = text_of(content.status)
  status = status and ascii.upper(status:sub(1, 1))
    .. ascii.lower(status:sub(2))
  return status ~= "Ok" and status or nil
end

-- NB: ERROR is the status of a query, never of an asset.
local function failure_in(content)
  local failure = envelope.failure(content)
  if not failure or not failure.state or failure.state == "ERROR" then
    return nil
  end
  local message, code = reasons.of(content)
  failure.kind, failure.message = "task_failed", message or failure.message
  failure.code = failure.code or code
  return failure
end

local function asset_in(content)
  local fields = { id = text_of(content.id) or text_of(content.asset_id),
    status = status_of(content), failure = failure_in(content) }
  for _, name in ipairs(FIELDS) do fields[name] = text_of(content[name]) end
  return fields
end

-- Whether the query itself succeeded. An asset that failed comes in such an
-- answer.
local function went_well(document)
  return json.is_object(document.data) and not envelope.failure {
    status = document.status, error = document.error,
    success = document.success } or document.success == true
end

local function read_asset(document)
  local failure = envelope.failure(document)
  local fields = asset_in(content_of(document))
  if failure and not (fields.failure and went_well(document)) then
    return nil, failure
  end
  if not fields.status then return unreadable("no status of an asset") end
  return fields
end

local function read_upload(document)
  local fields, failure = read_asset(document)
  if not fields then return nil, failure end
  if not fields.id then return unreadable("no id of an asset") end
  return fields
end

local function read_assets(document)
  local list, failure = read_list(document, "assets")
  if not list then return nil, failure end
  local found = { total = number.read(content_of(document).total) or #list }
  for n, content in ipairs(list) do
    if not json.is_object(content) then return unreadable("an asset that is none") end
    found[n] = asset_in(content)
  end
  return found
end

--- Whether an asset or a group with this status can be used.
---@param status? string
---@return boolean
function assets.is_active(status)
  return status ~= nil and ascii.lower(status) == "active"
end

-- Calls --------------------------------------------------------------------

--- Begins a verification. The request is sent at most once.
---@param fields { vendor: string, project_name?: string, name?: string }
---@return { id?: string, h5_link: string, byted_token?: string, raw: table }?
---@return yuanjing.Error?
function assets.verify(settings, fields)
  return call(settings, "verify", { json = fields,
    billable = "verify" }, read_session)
end

--- The groups of the account that the key belongs to.
---@param seconds? number that the query may take, retries and all
---@return yuanjing.Group[]?
---@return yuanjing.Error?
function assets.groups(settings, seconds)
  return call(settings, "groups",
    { total = answers.query_limit(seconds) }, read_groups)
end

local UNREAD = { truncated = true, timeout = true, decode = true }

-- The asset that is named in an incomplete answer.
local function asset_named_by(err)
  local body = UNREAD[err.kind] and err.body
  if not body or not body:find("^[ \t-\r]*{") then return nil end
  return reading.named_in(body, "asset_id")
    or reading.named_in(body, "id")
end

--- Uploads a file, as a data URI in `source_url`, or the URL that is there. The
--- request is sent at most once. An error has the asset's fields whenever its id
--- was readable.
---@param fields table
---@param medium? yuanjing.Medium of the kind path or bytes
---@return yuanjing.AssetFields?
---@return yuanjing.Error?
function assets.upload(settings, fields, medium)
  local files = medium and { { name = "source_url", medium = medium } } or {}
  local embedded, length = embed.files(fields, files)
  local about = { params = { fields = fields, files = form.sizes(files) } }
  local made, err = call(settings, "upload", { json = fields,
    billable = "upload", embedded = embedded, length = length, about = about },
    read_upload)
  if errors.is(err) then err.asset = asset_named_by(err) end
  return made, err
end

--- Queries the status of an asset.
---@param seconds? number that the query may take, retries and all
---@return yuanjing.AssetFields?
---@return yuanjing.Error?
function assets.status(settings, id, seconds)
  return call(settings, "status", { json = { asset_id = id },
    total = answers.query_limit(seconds) }, read_asset)
end

--- All assets of a group; `total` is the platform's count.
---@param fields { vendor_group_id: string }
---@return yuanjing.AssetFields[]?
---@return yuanjing.Error?
function assets.list(settings, fields)
  return call(settings, "assets", { json = fields }, read_assets)
end

return assets
