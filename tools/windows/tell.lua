-- Tries Yuanjing on this machine and prints what it saw. It pays for nothing, and
-- prints no key and no name of a user:
--
--   lua.exe tell.lua > told.txt
--   luajit.exe tell.lua > told.txt
--
-- That is what needs no key. With a sandbox (docs/guide/sandbox.md; WSL runs it),
-- chats, pictures, journals and batches too:
--
--   lua.exe tell.lua http://127.0.0.1:8100 sk-sandbox
--
-- Three more arguments are for `make windows`: the address of a server with TLS, its
-- authority and another one (PEM files).
local unpack = table.unpack or unpack
local yuanjing = require "yuanjing"
local core = require "yuanjing.core"

local url, key, tls_url, authority, stranger = unpack(arg, 1, 5)
local CHINESE = "月亮上的猫"
local counts = { passed = 0, failed = 0, skipped = 0 }

-- ---- telling

local function report(outcome, name, detail)
  counts[outcome] = counts[outcome] + 1
  print(("%-8s%s%s"):format(outcome, name, detail and ": " .. detail or ""))
end

-- What f returns is worth reading; what it raises is a failure.
local function try(name, is_possible, f, ...)
  if not is_possible then return report("skipped", name) end
  local ok, detail = pcall(f, ...)
  report(ok and "passed" or "failed", name, detail and tostring(detail))
  io.stdout:flush()
end

local function output(command)
  local pipe = io.popen(command)
  local text = pipe and pipe:read("*a") or ""
  if pipe then pipe:close() end
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

local function check(ok, what)
  if not ok then error(what, 2) end
end

-- ---- the machine

local jit = rawget(_G, "jit")
local first = 0
while arg[first - 1] do first = first - 1 end
local interpreter = arg[first]

print("yuanjing " .. yuanjing.version .. ", " .. (jit and jit.version or _VERSION))
print("libcurl  " .. core.curl_version())
print("system   " .. output("ver"))
print("console  " .. output("chcp"))
print()

-- ---- files

local function new_client(options)
  options = options or {}
  options.base_url, options.api_key = options.base_url or url, options.api_key or key
  return yuanjing.new(options)
end

-- Nobody listens there: a submit fails before it is paid for, and is recorded.
local function nowhere(journal)
  return yuanjing.new { base_url = "http://127.0.0.1:9", api_key = "sk-none",
    journal = journal, retries = 0 }
end

local PICTURE = { model = "wan2.2-t2i-plus", prompt = CHINESE, note = CHINESE }

local function remove_journal(path)
  for _, ending in ipairs { "", ".lock" } do core.remove(path .. ending) end
end

try("a journal under a Chinese name", true, function()
  local path = CHINESE .. ".journal"
  remove_journal(path)
  local client = nowhere(path)
  local task, err = client:image(PICTURE)
  check(not task and err.kind == "transport", tostring(err))
  local again = assert(nowhere(path).journal:find {})
  check(#again == 1 and again[1].state == "refused" and again[1].note == CHINESE,
    "the entry was not found again")
end)

-- The system may refuse that; then nothing is lost, and what it said is told.
try("compaction while another client has the journal open", true, function()
  local path = CHINESE .. ".journal"
  local one, other = nowhere(path), nowhere(path)
  assert(other.journal:find {})
  for _ = 1, 20 do one:image(PICTURE) end
  local before, from = #assert(one.journal:find {}), core.now()
  local ok, err = one.journal:compact()
  local seconds = core.now() - from
  other:image(PICTURE)
  local after = #assert(one.journal:find {})
  check(after == (ok and 1 or before + 1), before .. " entries, then " .. after)
  return ("%s, %.3f s"):format(ok and "done" or tostring(err), seconds)
end)

try("the journal's files go away when nobody has them", true, function()
  collectgarbage()
  collectgarbage()
  local path = CHINESE .. ".journal"
  assert(core.remove(path))
  core.remove(path .. ".lock")
end)

-- ---- TLS

try("the system's own trust store", not tls_url, function()
  local client = yuanjing.new { api_key = "sk-none", retries = 0 }
  local _, err = client:models()
  check(not err or err.kind ~= "transport", tostring(err))
  return err and err.kind
end)

local function models_with(file)
  return yuanjing.new { base_url = tls_url, api_key = "sk-none", ca_file = file,
    retries = 0 }:models()
end

local function check_refused(file)
  local models, err = models_with(file)
  check(not models, "a server that nobody vouches for was believed")
  check(err.kind == "transport", tostring(err))
end

try("TLS with an authority of one's own", tls_url, function()
  check(assert(models_with(authority))[1] == "a", "another answer")
end)

try("TLS with another authority is refused", tls_url, check_refused, stranger)

-- wine leaves to the program what Windows does by itself there.
try("TLS with an authority that the system does not know is refused",
  tls_url and not os.getenv("WINEPREFIX"), check_refused)

-- ---- with a sandbox

try("a chat", url, function()
  local reply = assert(new_client():chat { prompt = "讲个故事" })
  check(reply.content ~= "", "no text")
end)

try("a streamed chat", url, function()
  local stream = assert(new_client():chat { prompt = "讲个故事", stream = true })
  local pieces = 0
  for text in stream:text() do pieces = pieces + (text ~= "" and 1 or 0) end
  check(pieces > 1, "one piece only")
  return pieces .. " pieces"
end)

try("a picture under a Chinese name, written over one", url, function()
  local path = CHINESE .. ".png"
  for _ = 1, 2 do
    local task = assert(new_client():image(PICTURE))
    local saved = assert(task:save(path))
    check(saved == path, saved)
  end
  return assert(core.remove(path)) and path
end)

try("frames of a game while a text comes", url, function()
  local job = yuanjing.async(function()
    local stream = assert(new_client():chat { prompt = "讲个故事", stream = true })
    return assert(stream:finish()).content
  end)
  local frames, longest, ends = 0, 0, core.now() + 20
  repeat
    local from = core.now()
    yuanjing.update()
    longest = math.max(longest, core.now() - from)
    frames = frames + 1
  until job.done or core.now() > ends
  check(job.done and frames > 10, frames .. " frames")
  check(assert(job:await()) ~= "", "no text")
  return ("%d frames, the longest %.1f ms"):format(frames, longest * 1000)
end)

-- The process ends between the submit and the result, without any cleaning up.
local CHILD = [[
local yuanjing = require "yuanjing"
local client = yuanjing.new { base_url = %q, api_key = %q, journal = "child.journal" }
assert(client:image { model = "wan2.2-t2i-plus", prompt = "cat", note = "cat 1" })
print "bought"
io.stdout:flush()
os.exit(3)
]]

try("a task whose process has ended, found again and saved", url, function()
  remove_journal("child.journal")
  local file = assert(io.open("child.lua", "wb"))
  file:write(("package.path, package.cpath = %q, %q\n"):format(package.path,
    package.cpath), CHILD:format(url, key))
  file:close()
  local told = output(('""%s" child.lua"'):format(interpreter))
  os.remove("child.lua")
  check(told == "bought", told)
  local client = new_client { journal = "child.journal" }
  local pending = assert(client.journal:pending())
  check(#pending == 1, #pending .. " tasks are pending")
  assert(pending[1]:save("child.png"))
  assert(client.journal:compact())
  local entries = assert(client.journal:find {})
  check(#entries == 1 and entries[1].saved[1] == "child.png", "not recorded")
  core.remove("child.png")
end)

try("a batch by the command", url, function()
  local file = assert(io.open("prompts.txt", "wb"))
  file:write("a cat\r\n一只猫\r\n")
  file:close()
  local told = output(('set "YUANJING_API_KEY=%s"&& "%s" bin/yuanjing batch '
    .. '-m wan2.2-t2i-plus prompts.txt -o pictures --base-url %s 2>&1')
    :format(key, interpreter, url))
  os.remove("prompts.txt")
  for _, name in ipairs { "0001.png", "0002.png", "tasks.journal",
    "tasks.journal.lock" } do
    core.remove("pictures/" .. name)
  end
  os.remove("pictures")
  check(told:find("2 of 2 saved", 1, true), told)
end)

print(("\n%d passed, %d failed, %d skipped"):format(counts.passed, counts.failed,
  counts.skipped))
os.exit(counts.failed == 0, true)
