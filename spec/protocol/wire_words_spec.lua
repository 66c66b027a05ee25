--- Only lua/yuanjing/protocol contains the platform's names: its paths, its names of
-- fields, its status words. This spec reads the code of every other folder.
local support = require "support"

-- Lua patterns for code without comments.
local WORDS = {
  -- paths
  "/llmage", "reallife_asset", "%.dspy", "/idfile",
  -- fields of a call
  "catelogid", "llmid", "image%d*_files?", "video%d*_files?", "audio%d*_files?",
  "_files?%%d", "_files?%$",
  -- fields of an answer
  "taskid", "task_id", "taskstatus", "task_status", "resposne", "base_resp",
  "errcode", "err_code", "error_code", "errmsg", "error_msg", "status_msg",
  "%f[%w_]asset_id", "%f[%w_]delta%f[^%w_]", "choices%[1%]", "max_tokens",
  "%.data%.", "document%.data", "document%.code", "%[DONE%]",
  -- words of a status
  '"SUCCEEDED"', '"FAILED"', '"ERROR"', '"RUNNING"', '"PENDING"', '"CREATED"',
  '"PROCESSING"', '"Processing"', '"Active"', '"Failed"',
}

-- These folders may contain such names: the protocol, the sandbox, the tables of the
-- platform's documents, and the types that are made from them.
local ROOMS = { "^protocol/", "^sandbox/", "^generation/catalog/v1",
  "^generation/catalog/legacy", "^meta/" }

-- Further exceptions: "file name" with its reason.
local EXCEPTIONS = {
  ['task/task.lua "CREATED"'] = "the status, which is public, of a handle that "
    .. "has not been asked about",
  ["cli/commands/chat.lua max_tokens"] = "reply.ended_by, which is public, is "
    .. "the platform's own word, and --extra takes fields of the wire",
  ["base/language/zh/command.lua max_tokens"] = "the Chinese of that text",
}

local function is_of_wire(path)
  for _, room in ipairs(ROOMS) do
    if path:find(room) then return true end
  end
  return false
end

local function code_of(source)
  local lines = {}
  for line in (source .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line:gsub("^%s*%-%-.*", ""):gsub("%s%-%-%s.*", "")
  end
  return lines
end

local function words_in(line)
  local found = {}
  for _, word in ipairs(WORDS) do
    local hit = line:match(word)
    if hit then found[#found + 1] = hit end
  end
  return found
end

describe("the wire's words", function()
  it("stand in no room but the protocol's", function()
    local found, used = {}, {}
    for path in support.output("cd lua/yuanjing && find . -name '*.lua' | sort")
      :gmatch("%./([^\n]+)") do
      local lines = is_of_wire(path) and {}
        or code_of(support.read("lua/yuanjing/" .. path))
      for number, line in ipairs(lines) do
        for _, word in ipairs(words_in(line)) do
          local name = path .. " " .. word
          used[name] = true
          if not EXCEPTIONS[name] then
            found[#found + 1] = ("%s:%d: %s"):format(path, number, word)
          end
        end
      end
    end
    assert.same({}, found)
    for name in pairs(EXCEPTIONS) do assert.is_true(used[name], name) end
  end)
end)
