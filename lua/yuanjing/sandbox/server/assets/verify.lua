--- POST rl_verify.dspy and rl_query_groups.dspy.
local check = require "yuanjing.sandbox.server.assets.check"
local envelope = require "yuanjing.sandbox.server.assets.envelope"
local groups = require "yuanjing.sandbox.server.assets.groups"
local ids = require "yuanjing.sandbox.server.assets.ids"
local json = require "yuanjing.sandbox.server.json"
local odds = require "yuanjing.sandbox.server.media.odds"
local reply = require "yuanjing.sandbox.server.assets.reply"
local results = require "yuanjing.sandbox.server.media.results"

local verify = {}

local TEXTS = envelope.TEXTS
local VENDORS = { volcengine = "active", ["stopped-vendor"] = "stopped" }

local function problem_with(seen)
  local problem = check.texts(seen, { "vendor" }, { "project_name", "name" })
  if problem then return problem end
  local state = VENDORS[seen.fields.vendor]
  if not state then return TEXTS.no_vendor end
  if state ~= "active" then return TEXTS.vendor_stopped end
end

local function begin(seen, odd)
  local group = groups.new {
    key = seen.key, vendor = seen.fields.vendor,
    name = seen.fields.name or "", seconds = seen.verify_seconds,
    odd = odds.kept(seen),
  }
  odd:apply("verify", group)
  groups.keep(group)
  return group
end

---@param seen yuanjing.sandbox.Seen
function verify.begin(seen)
  local problem = problem_with(seen)
  if problem then return reply.refuse(seen, problem) end
  local odd = odds.new(nil, seen)
  local group = begin(seen, odd)
  return reply.ok(odd, json.record("id", group.id,
    "h5_link", ("http://%s/reallife_asset/h5?token=%s"):format(
      results.host(), group.token),
    "byted_token", ids.token()))
end

local function shown(group)
  return json.record("vendor_group_id", group.vendor_group_id,
    "vendor", group.vendor, "name", group.name, "status", group.status,
    "create_time", ids.time(group.at))
end

---@param seen yuanjing.sandbox.Seen
function verify.groups(seen)
  local list = {}
  for i, group in ipairs(groups.list(seen.key, seen.all_groups)) do
    list[i] = shown(group)
  end
  return reply.ok(odds.new(nil, seen), json.record("groups", list))
end

return verify
