--- The groups: each begins as a session that a person has to confirm on its
-- page, and belongs to the key that has begun it.
local clock = require "yuanjing.sandbox.server.clock"
local envelope = require "yuanjing.sandbox.server.assets.envelope"
local ids = require "yuanjing.sandbox.server.assets.ids"

local groups = {}

local TEXTS = envelope.TEXTS

---@class yuanjing.sandbox.Group
---@field id string the session's
---@field token string in the address of its page
---@field vendor_group_id string
---@field key string whose it is
---@field vendor string
---@field name string
---@field at number Unix time of its begin
---@field seconds number that the page is good for
---@field status "pending"|"active"|"failed"
---@field fails? boolean nobody can confirm it
---@field listed? boolean before it is confirmed, too
---@field odd table[] the scenarios that stay with it

local by_id, by_token, by_key = {}, {}, {}

--- As if none had begun yet.
function groups.forget()
  by_id, by_token, by_key = {}, {}, {}
end

--- A new one; scenarios may change it before groups.keep().
---@param fields table
---@return yuanjing.sandbox.Group
function groups.new(fields)
  local at = clock.now()
  local group = { id = ids.own(), token = ids.token(), at = at,
    vendor_group_id = ids.vendor("volc-asset-group", at), status = "pending" }
  for name, value in pairs(fields) do group[name] = value end
  return group
end

---@param group yuanjing.sandbox.Group
function groups.keep(group)
  by_id[group.id], by_id[group.vendor_group_id] = group, group
  by_token[group.token] = group
  local list = by_key[group.key] or {}
  by_key[group.key], list[#list + 1] = list, group
end

--- The one whose page this is | nil.
---@param token? string
---@return yuanjing.sandbox.Group?
function groups.of_page(token)
  return by_token[token or ""]
end

---@param group yuanjing.sandbox.Group
---@return number seconds that its page is still good for; 0: it is not
function groups.left(group)
  if group.status ~= "pending" then return 0 end
  return math.max(0, group.at + group.seconds - clock.now())
end

--- The person has shown the face.
---@param group yuanjing.sandbox.Group
function groups.confirm(group)
  group.status = group.fails and "failed" or "active"
end

--- A key's groups in the order of their begin: the active ones, and those that
--- are listed before, or `all`.
---@param key string
---@param all? boolean
---@return yuanjing.sandbox.Group[]
function groups.list(key, all)
  local list = {}
  for _, group in ipairs(by_key[key] or {}) do
    local open = group.status == "pending" and (all or group.listed)
    if group.status == "active" or open then list[#list + 1] = group end
  end
  return list
end

--- The group for a call | nil, the refusal.
---@param key string whose call it is
---@param id string the vendor's id of it; the session's does not do
---@return yuanjing.sandbox.Group?
---@return string? refusal
function groups.usable(key, id)
  local group = by_id[id]
  if not group or group.key ~= key then return nil, TEXTS.no_group end
  if group.status ~= "active" then return nil, TEXTS.unverified end
  if group.vendor_group_id ~= id then return nil, TEXTS.no_group end
  return group
end

return groups
