--- A verification of a real person: a link to open on a phone, and the group
-- that exists when the person has confirmed.
local errors = require "yuanjing.errors"
local polling = require "yuanjing.task.polling"
local protocol = require "yuanjing.protocol.assets"

local verification = {}

---@class yuanjing.Verification
---@field id? string the platform's, of this verification
---@field h5_link string for the person's phone
---@field expires_at number when the link dies, in seconds since 1970
---@field byted_token? string the vendor's, for its own libraries
---@field name? string
---@field raw table the platform's own document
---@field private _known? table<string, boolean> groups that were active before
---@field private _is_blind boolean nobody could tell which those are
local methods = {}
local Verification = {}
Verification.__index = methods
Verification.__name = "yuanjing.Verification"

-- The link's two minutes, and time to finish afterwards.
local TIMEOUT = 300
local PACE = { first = 2, longest = 5 }

-- Seconds for the first query of groups: the user did not ask for it.
local LOOK_LIMIT = 10

local function is_active(group)
  return group.vendor_group_id ~= nil
    and (group.status == nil or protocol.is_active(group.status))
end

local function active_ids(groups)
  local ids = {}
  for _, group in ipairs(groups) do
    if is_active(group) then ids[group.vendor_group_id] = true end
  end
  return ids
end

-- Several persons may be verified at a time, and the list does not name the
-- verification: a group with another name belongs to another person. The
-- platform shows the given name, perhaps with more around it.
local function is_ours(self, group)
  local shown = group.name or ""
  return not self.name or shown == ""
    or shown:find(self.name, 1, true) ~= nil
end

-- Our new group, or nil, and the number of other new groups.
local function new_group(self, groups)
  local others = 0
  for _, group in ipairs(groups) do
    if is_active(group) and not self._known[group.vendor_group_id] then
      if is_ours(self, group) then return group, others end
      others = others + 1
    end
  end
  return nil, others
end

local function timed_out(self, last, others)
  local is_over = os.time() >= self.expires_at
  local parts = { "no new group has become active", is_over
    and "the link has expired: begin anew with client.assets:verify"
    or "the link is still good: wait again" }
  if others > 0 then
    parts[#parts + 1] = ("new with another name: %d"):format(others)
  end
  if self._is_blind then
    parts[#parts + 1] = "what groups there were before is not known: "
      .. "look at client.assets:groups()"
  end
  if last then
    parts[#parts + 1] = "the last query said: " .. last.message
  end
  return errors.new { kind = "timeout", call = "session:await_group",
    retryable = not is_over, message = table.concat(parts, "; ") }
end

local AWAIT = { timeout = "number", interval = "number" }

---@class (exact) yuanjing.GroupAwaitOptions
---@field timeout? number seconds (300)
---@field interval? number seconds between queries; default: Retry-After, or 1.5 to 5 with jitter

--- Waits until the person has been verified. Returns the group that is new and
--- active, and has the name that was given to verify(), if any. Nil and an
--- error of kind timeout if none comes in time (it can be awaited again), or
--- of any lasting kind.
---@param options? yuanjing.GroupAwaitOptions
---@return yuanjing.Group?
---@return yuanjing.Error? err
function methods:await_group(options)
  options = options or {}
  polling.check_options("session:await_group", options, AWAIT)
  local others = 0
  local wait = { timeout = options.timeout or TIMEOUT,
    interval = options.interval }
  local group, err, is_late = polling.run(PACE, wait, function(left)
    local groups, problem, pause = protocol.groups(self._settings,
      left)
    if not groups then return nil, problem end
    self._known = self._known or active_ids(groups)
    local found
    found, others = new_group(self, groups)
    return found, nil, pause
  end)
  if is_late then return nil, timed_out(self, err, others) end
  return group, err
end

function Verification:__tostring()
  return ("yuanjing.Verification %s (%s)"):format(tostring(self.id),
    os.time() < self.expires_at and "open" or "expired")
end

--- Begins a verification. The existing groups are queried first: so the link's
--- time does not run meanwhile, and a group that exists at once counts as new.
--- If that query fails, the groups that await_group() sees first count as old.
---@param fields { vendor: string, project_name?: string, name?: string }
---@return yuanjing.Verification?
---@return yuanjing.Error?
function verification.begin(settings, fields)
  local groups = protocol.groups(settings, LOOK_LIMIT)
  local began = os.time()
  local self, err = protocol.verify(settings, fields)
  if not self then return nil, err end
  self._settings, self._known = settings, groups and active_ids(groups)
  self._is_blind = groups == nil
  self.name, self.expires_at = fields.name, began + protocol.LINK_SECONDS
  return setmetatable(self, Verification)
end

return verification
