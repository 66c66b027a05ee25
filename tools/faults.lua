-- Makes docs/faults.md of what spec/docs/faults_spec.lua has seen:   make docs
local HEAD = [[
# Faults

What comes back when the server or the network breaks, at each step and for each
kind of call. `make docs` writes this: `spec/docs/faults_spec.lua` has a server do all
of it and tells what it saw; what is right stands in `spec/support/faults.lua`.

A cell is the kind of the error, then `requests/tries`: how many requests came to
the server, and how often the call was tried, with `retries = 2`. A second line
tells of a server that does it once and is well from then on, where that makes a
difference.

- What costs money (chat, stream, image, video, upload) is sent again only where
  nothing of it left, or where the platform said that it did not take it. Where it
  left and no answer began the outcome is unknown: look before you send it again.
  Half an answer stays in the error: `err.partial` of a stream, `err.task` where the
  id of the task was in it, `err.asset` of an upload likewise, else `err.body`.
- What costs nothing is tried again where that may help. A download goes on from
  where it was, as long as it gets further; no half file is left behind.
- A file without a length that ends where its connection does is looked into: PNG,
  JPEG, MP4 and its kin, WebP and WAV tell where they end. Of other formats nobody
  can know, and what came is saved.
- JSON that is all there is an answer, whatever breaks behind it.
- A connection on which anything came after an answer does not serve again: what a
  server sends too much is never the answer to the next call. (Bytes that are still
  under way when that call leaves can not be told from its answer.)
- Some answers belong to another kind of call, such as the events of a chat where a
  task was submitted: no call takes them for its own. An empty cell was not tried.
- `no news`: a status query that was sent and runs out of time says nothing; the
  task is as it was. `done`: the task is over, and did not fail. `cut short`: a file
  as long as the server says it is, and not whole. `as sent`: what came is the file.
- What ends a call is a limit of `timeout`, or the fault itself, at once.
]]

local function row(...)
  return "| " .. table.concat({ ... }, " | ") .. " |"
end

local unpack = table.unpack or unpack

-- One word where it is the same for all of them, else each that differs.
local function ends_of(calls, seen)
  local parts, first = {}, seen[calls[1].name]
  for _, call in ipairs(calls) do
    local ends = seen[call.name]
    if ends and ends ~= first then
      parts[#parts + 1] = call.name .. ": " .. ends
    end
  end
  return table.concat({ first, unpack(parts) }, "; ")
end

local function line(calls, title, outcomes, ends)
  local cells = {}
  for n, call in ipairs(calls) do cells[n] = outcomes[call.name] or "" end
  cells[#cells + 1] = ends
  return row(title, unpack(cells))
end

local function differs(calls, one, other)
  for _, call in ipairs(calls) do
    if one[call.name] ~= other[call.name] then return true end
  end
  return false
end

local function heading(calls)
  local names, rule = { "the server" }, { "---" }
  for n, call in ipairs(calls) do
    names[n + 1], rule[n + 1] = call.name, "---"
  end
  names[#names + 1], rule[#rule + 1] = "ended by", "---"
  return row(unpack(names)) .. "\n" .. row(unpack(rule))
end

--- The page.
---@param groups table[] support.faults
---@param calls table[] support.fault_calls
---@param seen table<string, table> by a fault's name: always, once and ends, each by a call's name
return function(groups, calls, seen)
  local lines = { HEAD }
  for _, group in ipairs(groups) do
    lines[#lines + 1] = "## " .. group.title .. "\n\n" .. heading(calls)
    for _, fault in ipairs(group) do
      local one = seen[fault.name]
      local first = one.always or one.once
      lines[#lines + 1] = line(calls, ("**%s**: %s"):format(fault.name,
        fault.told), first, ends_of(calls, one.ends))
      if one.once and differs(calls, one.once, first) then
        lines[#lines + 1] = line(calls, "once", one.once, "")
      end
    end
    lines[#lines + 1] = ""
  end
  return table.concat(lines, "\n")
end
