--- Groups. A group begins as a session that a person confirms on its page, and
-- belongs to the key that began it.
local clock = require "yuanjing.sandbox.server.clock"
local envelope = require "yuanjing.sandbox.server.assets.envelope"
local ids = require "yuanjing.sandbox.server.assets.ids"

local groups = {}

local TEXTS = envelope.TEXTS

---@class yuanjing.sandbox.Group
---@field id string of the session
---@field token string in the address of its page
---@field vendor_group_id string
---@field key string the owner's
---@field vendor string
---@field name string
---@field at number Unix time when it began
---@field seconds number that the page is valid
---@field status "pending"|"active"|"failed"
---@field fails? boolean confirming it fails
---@field listed? boolean listed even before it is confirmed
---@field odd table[] the scenarios that it keeps

local by_id, by_token, by_key = {}, {}, {}

--- Forgets all groups.
function groups.forget()
  by_id, by_token, by_key = {}, {}, {}
end

--- A new group; scenarios may change it before groups.keep().
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

--- The group with this page, or nil.
---@param token? string
---@return yuanjing.sandbox.Group?
function groups.of_page(token)
  return by_token[token or ""]
end

---@param group yuanjing.sandbox.Group
---@return number seconds that its page is still valid, or 0
function groups.left(group)
  if group.status ~= "pending" then return 0 end
  return math.max(0, group.at + group.seconds - clock.now())
end

--- The person has confirmed.
---@param group yuanjing.sandbox.Group
function groups.confirm(group)
  group.status = group.fails and "failed" or "active"
end

--- A key's groups in the order of their beginning: the active ones and the
--- listed pending ones, or `all`.
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

--- The group for a call; or nil and the error message.
---@param key string of the caller
---@param id string the vendor's id; the session's id is not accepted
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
