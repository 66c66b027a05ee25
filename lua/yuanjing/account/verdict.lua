--- Decides from the history of an account what became of a call whose outcome is
-- unknown. It never claims more than the history proves. A call is billed only if the
-- history has its number. A call was not received only if the history is complete
-- and up to date, keeps the numbers, and has all calls that it must have. Nothing
-- here sends.
--
-- The platform adds an entry when its vendor has answered, so a call that is missing
-- now may appear later. The wait follows from how long calls of that kind took, and
-- from how soon a known call appeared.
local account = require "yuanjing.protocol.account"
local digest = require "yuanjing.base.digest"

local verdict = {}

---@class yuanjing.WantedCall a call of ours
---@field transno? string that it carried
---@field at integer Unix time when it went out
---@field latest integer Unix time: nothing of it was sent later
---@field kind? string chat, image, video, ...
---@field model? string
---@field category? string
---@field digest? string of what it asked for

---@class yuanjing.KnownCall a call that the platform answered
---@field transno string
---@field id? string of its task
---@field at integer Unix time
---@field kind? string
---@field took? number seconds until it was answered
---@field delay? number seconds after which it could be seen in the history

---@class yuanjing.Verdict
---@field outcome "billed"|"not_received"|"still_unknown"
---@field reason? string
---@field task? string an id
---@field status? string in capitals
---@field usage? table
---@field amount? number
---@field is_found? boolean the history has it: to look again changes nothing
---@field is_failed? boolean

---@class yuanjing.Evidence
---@field calls yuanjing.HistoryCall[] all that were read, each once
---@field by_transno table<string, yuanjing.HistoryCall[]>
---@field is_whole boolean read to its end
---@field is_short? boolean a page had fewer calls than it should
---@field is_mixed? boolean the newest do not come first
---@field total? integer how many calls it says there are
---@field known yuanjing.KnownCall[]
---@field wanted yuanjing.WantedCall[]
---@field offset? number seconds that its clock's zone is ahead of UTC
---@field contradiction? string why it can not be trusted

-- Seconds ---------------------------------------------------------------------

local ZONES = 26 * 3600 -- a time without a zone is within that
local QUARTER = 900 -- zones differ by so much
local CLOCKS = 120 -- two machines' clocks differ by less
local TWIN = 900 -- a call that is known by its digest alone is within that
local LEAST, MOST = 8, 600 -- of the wait for an entry
local UNKNOWN_DELAY = 60
local ANSWERS = 10 -- so many times as long as the slowest answer that is known

-- Reading the history -----------------------------------------------------------

local function offset_of(call, known)
  if not call.time then return nil end
  if call.is_zoned then return 0 end
  return math.floor((call.time - known.at) / QUARTER + 0.5) * QUARTER
end

-- A known call must have its task, and no other's.
local function contradicts(ids, call, known)
  if not call.task or not known.id or call.task == known.id then
    return false
  end
  return ids[call.task] ~= nil
end

-- Whether the history has a known call, and only with ids that are not its task's.
local function is_renamed(calls, known)
  local is_other = false
  for _, call in ipairs(known.id and calls or {}) do
    if call.task == known.id then return false end
    is_other = is_other or call.task ~= nil
  end
  return is_other
end

-- Looks at the known calls: the zone of the clock, and whether to trust it.
local function look_at_known(evidence)
  local ids, offset, is_one = {}, nil, true
  for _, known in ipairs(evidence.known) do
    if known.id then ids[known.id] = known end
  end
  evidence.ids = ids
  for _, known in ipairs(evidence.known) do
    local calls = evidence.by_transno[known.transno] or {}
    evidence.is_renamed = evidence.is_renamed or is_renamed(calls, known)
    for _, call in ipairs(calls) do
      if contradicts(ids, call, known) then
        evidence.contradiction = "it has the numbers of your calls at other tasks"
      end
      local found = offset_of(call, known)
      is_one = is_one and (not offset or not found or found == offset)
      offset = offset or found
    end
  end
  evidence.offset = is_one and offset or nil
end

--- What is known, before the first page of the history.
---@param wanted yuanjing.WantedCall[]
---@param known yuanjing.KnownCall[]
---@return yuanjing.Evidence
function verdict.evidence(wanted, known)
  return { calls = {}, by_transno = {}, seen = {}, is_whole = false,
    known = known, wanted = wanted }
end

-- Whether the newest come first: else the last one read is not the oldest.
local function is_in_order(evidence, call)
  local last = evidence.calls[#evidence.calls]
  return not last or not last.time or not call.time or call.time <= last.time
end

local function is_new(evidence, call)
  if not call.id then return true end
  if evidence.seen[call.id] then return false end
  evidence.seen[call.id] = true
  return true
end

--- Adds a page. NB: between two pages a new call may push an old one to the next
--- page, so that it comes twice.
---@param evidence yuanjing.Evidence
---@param page yuanjing.History
function verdict.add(evidence, page)
  for _, call in ipairs(page) do
    if is_new(evidence, call) then
      evidence.is_mixed = evidence.is_mixed or not is_in_order(evidence, call)
      evidence.calls[#evidence.calls + 1] = call
      local number = call.transno
      if number then
        local list = evidence.by_transno[number] or {}
        evidence.by_transno[number], list[#list + 1] = list, call
      end
    end
  end
  evidence.total = page.total
  local size = page.page_size
  evidence.is_short = evidence.is_short or size and page.total
    and #page < size and (page.page or 1) * size < page.total
  look_at_known(evidence)
end

-- Whether a call of the history is older than that time for sure.
local function is_before(evidence, call, time)
  if not call.time then return false end
  if call.is_zoned then return call.time < time - CLOCKS end
  if evidence.offset then
    return call.time - evidence.offset < time - CLOCKS
  end
  return call.time < time - ZONES
end

--- Whether all that came since that time has been read.
---@param evidence yuanjing.Evidence
---@param time number
---@return boolean
function verdict.reaches(evidence, time)
  local last = evidence.calls[#evidence.calls]
  return evidence.is_whole or last ~= nil and not evidence.is_mixed
    and is_before(evidence, last, time)
end

-- It is there --------------------------------------------------------------------

local function digests_of(call)
  if not call.input then return {} end
  local asked = account.asked(call.input)
  return { [digest(asked)] = true,
    [digest { fields = asked, files = {} }] = true }
end

-- Whether what the entry asked for is what another of our calls did.
local function is_of_another(evidence, wanted, call)
  local digests = digests_of(call)
  if not wanted.digest or digests[wanted.digest] then return false end
  for _, other in ipairs(evidence.wanted) do
    if other ~= wanted and other.digest and digests[other.digest] then
      return true
    end
  end
  return false
end

local function unknown(reason, fields)
  local settled = fields or {}
  settled.outcome, settled.reason = "still_unknown", reason
  return settled
end

-- Why an entry with our number can not be ours; nil: it is.
local function doubt_of(evidence, wanted, call)
  local known = call.task and evidence.ids[call.task]
  if known and known.transno ~= wanted.transno then
    return "the history has this call's number at the task of another"
  end
  if wanted.model and call.model and wanted.model ~= call.model then
    return ("the history has this call's number at the model %s")
      :format(call.model)
  end
  if is_of_another(evidence, wanted, call) then
    return "the history has this call's number at what another one asked for"
  end
end

-- The verdict for a call that the platform has. A failed call may cost nothing;
-- its amount shows that.
local function taken(evidence, call, count)
  local found = { task = call.task, status = call.status,
    usage = call.usage, amount = call.amount, call = call }
  if count > 1 then
    found.task = nil
    found.reason = ("the history has %d entries with its number"):format(count)
  elseif evidence.is_renamed then
    found.task = nil
    found.reason = "the history gives tasks of yours other ids than they have"
  end
  found.is_failed = account.meaning(call) == "failed"
  if found.is_failed and not (call.amount and call.amount > 0) then
    return unknown(("the platform received it, and it ended as %s; the history "
      .. "does not say that it was billed"):format(call.status), found)
  end
  found.outcome = "billed"
  return found
end

local function tasks_in(calls)
  local ids, count = {}, 0
  for _, call in ipairs(calls) do
    local id = call.task or ""
    if not ids[id] then ids[id], count = true, count + 1 end
  end
  return count
end

local function by_number(evidence, wanted)
  local calls = wanted.transno and evidence.by_transno[wanted.transno]
  if not calls then return nil end
  local doubt = evidence.contradiction
  for _, call in ipairs(calls) do
    doubt = doubt or doubt_of(evidence, wanted, call)
  end
  if doubt then return unknown(doubt) end
  return taken(evidence, calls[1], tasks_in(calls))
end

-- Whether an entry may be of a call that carried no number, and is like it.
local function is_twin(evidence, wanted, call)
  if call.transno or not call.time or call.model ~= wanted.model then
    return false
  end
  local offset = call.is_zoned and 0 or evidence.offset
  if not offset then return false end
  local late = call.time - offset - wanted.at
  return late > -CLOCKS and late < TWIN and digests_of(call)[wanted.digest]
end

local function count_alike(evidence, wanted)
  local count = 0
  for _, other in ipairs(evidence.wanted) do
    if other.digest == wanted.digest then count = count + 1 end
  end
  return count
end

-- A call without a number: by model, time, and what it asked for, if there is one
-- of that alone.
local function by_digest(evidence, wanted)
  if wanted.transno or not wanted.digest or not wanted.model then return nil end
  local found = {}
  for _, call in ipairs(evidence.calls) do
    if is_twin(evidence, wanted, call) and not evidence.ids[call.task or ""]
    then
      found[#found + 1] = call
    end
  end
  if #found == 0 then return nil end
  if #found > 1 or count_alike(evidence, wanted) > 1
    or evidence.contradiction then
    return unknown "several calls of the history or of yours are like it"
  end
  return taken(evidence, found[1], 1)
end

-- It is not there ----------------------------------------------------------------

local function seconds_for(evidence, wanted)
  local slowest, soonest = 0, nil
  for _, known in ipairs(evidence.known) do
    if known.took and known.kind == wanted.kind then
      slowest = math.max(slowest, known.took + 0.5)
    end
    local delay = known.delay
    if delay and (not soonest or delay < soonest) then soonest = delay end
  end
  if slowest == 0 then slowest = UNKNOWN_DELAY / ANSWERS end
  return math.min(MOST, math.max(LEAST, slowest * ANSWERS,
    math.min(UNKNOWN_DELAY, 2 * (soonest or UNKNOWN_DELAY))))
end

-- Notes of each known call how soon it could be seen; returns how many could be.
local function count_seen(evidence, now)
  local count = 0
  for _, known in ipairs(evidence.known) do
    if evidence.by_transno[known.transno] then
      count = count + 1
      known.delay = known.delay or math.max(0, now - known.at)
    end
  end
  for _, wanted in ipairs(evidence.wanted) do
    if evidence.by_transno[wanted.transno or ""] then count = count + 1 end
  end
  return count
end

-- The calls of that time that must be there, and are not.
local function count_missing(evidence, wanted, now, patience)
  local count = 0
  for _, known in ipairs(evidence.known) do
    local is_due = known.at >= wanted.at - 600 and known.at + patience <= now
    if is_due and not evidence.by_transno[known.transno] then
      count = count + 1
    end
  end
  return count
end

-- Whether an entry without a number may be this call: it does not say what it is, or
-- it is of the same model, and no other of ours. The platform may have changed what
-- was asked for, so that this tells nothing.
local function may_be(evidence, wanted, call)
  if call.transno or is_before(evidence, call, wanted.at)
    or evidence.ids[call.task or ""] or is_of_another(evidence, wanted, call) then
    return false
  end
  return not (call.input and call.model and wanted.model)
    or call.model == wanted.model
end

local function count_nameless(evidence, wanted)
  local count = 0
  for _, call in ipairs(evidence.calls) do
    if may_be(evidence, wanted, call) then count = count + 1 end
  end
  return count
end

-- Each returns why the absence of a call proves nothing, or nil. The first reason is
-- reported.
local GAPS = {
  function(evidence)
    return #evidence.calls == 0 and "the history is empty"
  end,
  function(evidence)
    local why = evidence.contradiction
    return why and "the history can not be trusted: " .. why
  end,
  function(_, wanted)
    return not wanted.transno
      and "it carried no number, and the history has nothing like it"
  end,
  function(evidence, wanted)
    return not verdict.reaches(evidence, wanted.at)
      and "the history does not reach back to it"
  end,
  function(evidence)
    local total, count = evidence.total or 0, #evidence.calls
    return (evidence.is_short or evidence.is_whole and total > count)
      and ("the history says that it has %d calls, and shows %d")
        :format(total, count)
  end,
  function(evidence, _, now)
    return count_seen(evidence, now) == 0 and "no call of yours is in the "
      .. "history with its number: so that this one is not proves nothing"
  end,
  function(evidence, wanted, now, patience)
    local missing = count_missing(evidence, wanted, now, patience)
    return missing > 0 and ("the history lacks calls that the platform "
      .. "answered (%d)"):format(missing)
  end,
  function(evidence, wanted)
    local nameless = count_nameless(evidence, wanted)
    return nameless > 0 and ("the history does not say whose calls of that time "
      .. "are (%d)"):format(nameless)
  end,
  function(_, wanted, now, patience)
    local age = now - wanted.latest
    return age <= patience and ("it is not in the history yet, %d s after it was "
      .. "sent; that may take %d s"):format(math.max(0, age),
      math.ceil(patience))
  end,
}

local function gap_in(evidence, wanted, now)
  local patience = seconds_for(evidence, wanted)
  for _, gap in ipairs(GAPS) do
    local reason = gap(evidence, wanted, now, patience)
    if reason then return reason end
  end
end

--- What the history says of a call, now.
---@param evidence yuanjing.Evidence
---@param wanted yuanjing.WantedCall
---@param now number Unix time
---@return yuanjing.Verdict
function verdict.of(evidence, wanted, now)
  count_seen(evidence, now)
  local found = by_number(evidence, wanted) or by_digest(evidence, wanted)
  if found then
    found.is_found = true
    return found
  end
  local gap = gap_in(evidence, wanted, now)
  if gap then return unknown(gap) end
  return { outcome = "not_received",
    reason = "the history has other calls of that time, and not this one" }
end

return verdict
