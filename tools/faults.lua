-- Writes docs/faults.md from the results of spec/docs/faults_spec.lua:   make docs
local HEAD = [[
# Faults

What a call returns when the server or the network fails, at each step and for each
kind of call. `make docs` writes this page: `spec/docs/faults_spec.lua` runs a server
that fails in each way and records the result; `spec/support/faults.lua` has the right
results.

A cell is the kind of the error, then `requests/tries`: how many requests the server
got, and how often the client tried the call, with `retries = 2`. A second line is for
a server that fails once and works after that, if the result then differs.

- Calls that cost money (chat, stream, image, video, upload) are sent again only if
  nothing of them left, or if the platform refused them clearly. If the request left
  and no answer began, the outcome is unknown: look before you send it again. Half an
  answer stays in the error: `err.partial` of a stream; `err.task` if the id of the
  task was in it, `err.asset` of an upload likewise; else `err.body`.
- Calls that cost nothing are tried again if that may help. A download continues where
  it stopped, as long as it makes progress; no half file is left behind.
- If a file has no length and ends with its connection, the client looks into it: PNG,
  JPEG, MP4 and similar formats, WebP and WAV show where they end. For other formats it
  can not know, and saves what came.
- If the JSON of an answer is complete, it is the answer, whatever breaks after it.
- If anything came on a connection after an answer, the connection is not used again: so
  surplus bytes are never the answer to the next call. (Bytes that are still under way
  when the next call leaves look like its answer.)
- Some answers belong to another kind of call, such as the events of a chat when a task
  was submitted: no call accepts them. An empty cell was not tried.
- `no news`: a status query that was sent and ran out of time shows nothing; the task
  is as it was. `done`: the task is over, and did not fail. `cut short`: the file is as
  long as the server said, but not complete. `as sent`: the file is what came.
- The last column is what ends a call: a limit of `timeout`, or the fault itself, at
  once.
- The table is of libcurl 7.88. Since 8.14 an answer without a length that ends without
  ending TLS is an error of the connection, so a status query is sent again.
]]

local function row(...)
  return "| " .. table.concat({ ... }, " | ") .. " |"
end

local unpack = table.unpack or unpack

-- What ended the calls: once if it is the same for all, else also each that differs.
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
        fault.behaviour), first, ends_of(calls, one.ends))
      if one.once and differs(calls, one.once, first) then
        lines[#lines + 1] = line(calls, "once", one.once, "")
      end
    end
    lines[#lines + 1] = ""
  end
  return table.concat(lines, "\n")
end
