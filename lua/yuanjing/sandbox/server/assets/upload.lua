--- POST rl_upload.dspy, rl_status.dspy and rl_assets.dspy.
local answers = require "yuanjing.sandbox.server.media.answers"
local check = require "yuanjing.sandbox.server.assets.check"
local envelope = require "yuanjing.sandbox.server.assets.envelope"
local groups = require "yuanjing.sandbox.server.assets.groups"
local ids = require "yuanjing.sandbox.server.assets.ids"
local json = require "yuanjing.sandbox.server.json"
local links = require "yuanjing.sandbox.server.assets.links"
local odds = require "yuanjing.sandbox.server.media.odds"
local reply = require "yuanjing.sandbox.server.assets.reply"
local shelf = require "yuanjing.sandbox.server.assets.shelf"
local tasks = require "yuanjing.sandbox.server.media.tasks"

local upload = {}

-- Uploading ----------------------------------------------------------------

-- The media type that the data must have, for each asset_type.
local TYPES = { Image = "image", Video = "video", Audio = "audio" }

local function wrong_source(expected)
  return ("Invalid parameter source_url: %s expected"):format(expected)
end

local function problem_with_source(seen, asset_type)
  if not seen.uri then
    local is_url = seen.fields.source_url:find("^https?://[^/%s]+")
    return not is_url and wrong_source("URL or data URI") or nil
  end
  if seen.uri.problem then
    return wrong_source(("data URI in base64 (%s)"):format(seen.uri.problem))
  end
  local expected = TYPES[asset_type]
  local is_right = seen.uri.type:match("^[^/]+") == expected
  if expected and not is_right and not seen.unchecked then
    return wrong_source(("%s/... for the asset_type %s"):format(expected,
      asset_type))
  end
end

-- The group; or nil and what is wrong with the call.
local function group_for(seen, asset_type)
  local required = { "vendor_group_id" }
  if not seen.uri then required[2] = "source_url" end
  local problem = check.texts(seen, required, { "asset_type", "name" })
  if problem then return nil, problem end
  local group
  group, problem = groups.usable(seen.key, seen.fields.vendor_group_id)
  if not group then return nil, problem end
  problem = problem_with_source(seen, asset_type)
  if problem then return nil, problem end
  return group
end

-- An asset also keeps its group's scenarios.
local function odd_of(group, seen)
  local list = { unpack(group.odd) }
  for _, step in ipairs(odds.kept(seen)) do list[#list + 1] = step end
  return list
end

local function begin(seen, group, asset_type, odd)
  local fields = seen.fields
  local asset = shelf.new {
    key = seen.key, vendor_group_id = group.vendor_group_id,
    name = fields.name or "", asset_type = asset_type,
    seconds = seen.task_seconds, uri = seen.uri,
    source_url = not seen.uri and fields.source_url or nil,
    odd = odd_of(group, seen),
  }
  odd:apply("begin", asset)
  shelf.keep(asset)
  return asset
end

---@param seen yuanjing.sandbox.Seen
function upload.take(seen)
  local asset_type = seen.fields.asset_type
  if asset_type == nil or asset_type == "" then asset_type = "Image" end
  local group, problem = group_for(seen, asset_type)
  if not group then
    if seen.uri then seen.uri.bytes:close() end
    return reply.refuse(seen, problem)
  end
  local odd = odds.new(group, seen)
  local asset = begin(seen, group, asset_type, odd)
  return reply.ok(odd, json.record("id", asset.id,
    "vendor_asset_id", asset.vendor_asset_id, "status", "Processing"))
end

-- Status -------------------------------------------------------------------

-- Puts the status into a record, and the address or the failure with it.
local function put_state(record, asset, odd)
  local word, active = shelf.state(asset)
  record.status = word
  if active then
    record.url = links.new(asset, odd)
  elseif word == "Failed" and asset.fails ~= "" then
    record.message = asset.fails
  end
  return record
end

---@param seen yuanjing.sandbox.Seen
function upload.status(seen)
  local problem = check.texts(seen, { "asset_id" })
  if problem then return reply.refuse(seen, problem) end
  local asset = shelf.find(seen.fields.asset_id)
  if not asset or asset.key ~= seen.key then
    return reply.refuse(seen, envelope.TEXTS.no_asset)
  end
  local odd = odds.new(asset, seen)
  local draft = answers.new(asset, odd, tasks.count("query", asset.id))
  odd:apply("wait", draft)
  local state = json.record("status", nil, "url", nil, "message", nil)
  draft.record = reply.record(odd, put_state(state, asset, odd))
  odd:apply("query", draft)
  return draft:finish()
end

local function shown(asset, seen)
  local record = json.record("id", asset.id,
    "vendor_asset_id", asset.vendor_asset_id, "name", asset.name,
    "asset_type", asset.asset_type, "status", nil, "url", nil,
    "create_time", ids.time(asset.at))
  return put_state(record, asset, odds.new(asset, seen))
end

---@param seen yuanjing.sandbox.Seen
function upload.list(seen)
  local problem = check.texts(seen, { "vendor_group_id" })
  if problem then return reply.refuse(seen, problem) end
  local group
  group, problem = groups.usable(seen.key, seen.fields.vendor_group_id)
  if not group then return reply.refuse(seen, problem) end
  local list = {}
  for i, asset in ipairs(shelf.list(group.vendor_group_id)) do
    list[i] = shown(asset, seen)
  end
  return reply.ok(odds.new(group, seen),
    json.record("assets", list, "total", #list))
end

return upload
