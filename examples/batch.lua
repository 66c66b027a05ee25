-- Pictures from a file of prompts, one a line, into a folder:
--   lua examples/batch.lua prompts.txt pictures
-- The journal there knows what is paid for: killed at any moment and started
-- again, this goes on where it was and pays for nothing twice.
local yuanjing = require "yuanjing"

local MODEL, AT_A_TIME = "wan2.2-t2i-flash", tonumber(arg[3]) or 8
local folder = arg[2] or "."
local client = yuanjing.new { journal = folder .. "/tasks.journal" }
local counts = { begun = 0, saved = 0, failed = 0, unknown = 0 }

-- A picture is known by its prompt, and of several alike by how many there are:
-- not by its line, or a line added at the top would buy all the others again.
local lines, alike = {}, {}
for line in assert(io.lines(arg[1] or "prompts.txt")) do
  local prompt = line:gsub("\r$", "")
  alike[prompt] = (alike[prompt] or 0) + 1
  lines[#lines + 1] = { prompt = prompt,
    note = ("%d: %s"):format(alike[prompt], prompt) }
end

local function progress()
  io.write(("\r%d of %d saved, %d failed, %d unknown "):format(counts.saved,
    #lines, counts.failed, counts.unknown))
  io.flush()
end

-- The last submit of that note that came to something, and all saved paths.
local OVER = { refused = true, failed = true }
local entries, taken = {}, {}
for _, entry in ipairs(assert(client.journal:find {})) do
  if not OVER[entry.state] then entries[entry.note] = entry end
  for _, path in ipairs(entry.saved or {}) do taken[path] = true end
end

local function exists(path)
  local file = io.open(path)
  return file ~= nil and file:close()
end

-- A name that no other picture has.
local function free_path(number)
  local path = ("%s/%03d.png"):format(folder, number)
  if taken[path] then return free_path(number + #lines) end
  taken[path] = true
  return path
end

local function picture(number, line)
  local entry = entries[line.note]
  local saved = entry and entry.saved and entry.saved[1]
  if saved and exists(saved) then return "saved" end
  if entry and not entry.task then return "unknown" end -- perhaps paid for
  local task = entry and entry.task or assert(client:image {
    model = MODEL, prompt = line.prompt, note = line.note })
  assert(task:save(saved or free_path(number)))
  return "saved"
end

-- Several of these run side by side; each takes the next line.
local function work()
  while counts.begun < #lines do
    counts.begun = counts.begun + 1
    local ok, outcome = pcall(picture, counts.begun, lines[counts.begun])
    if not ok then
      io.stderr:write("\n", tostring(outcome), "\n")
      outcome = "failed"
    end
    counts[outcome] = counts[outcome] + 1
    progress()
  end
end

local jobs = {}
for i = 1, AT_A_TIME do jobs[i] = yuanjing.async(work) end
for _, job in ipairs(jobs) do job:await() end
print()
for _, entry in ipairs(assert(client.journal:unknown())) do
  print("unknown, look at the platform: " .. entry.note)
end
