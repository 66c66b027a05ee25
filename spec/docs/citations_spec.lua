-- What the comments of the code and the pages name is there: every path into this
-- tree, and every heading of a page.
local pages = require "support.pages"
local support = require "support"

-- Folders at the top of the tree, which begin a path.
local ROOTS = { "csrc", "lua", "spec", "tools", "bench", "examples", "docs",
  "bin", "packaging" }

-- A page or a source file; what is made by a build or by hand is not there.
local KINDS = { lua = true, c = true, h = true, md = true, sh = true,
  conf = true, cjs = true, py = true }

local function is_root(path)
  for _, root in ipairs(ROOTS) do
    if path:sub(1, #root + 1) == root .. "/" then return true end
  end
  return false
end

local function cited_in(text)
  local list = {}
  for path, anchor in text:gmatch("([%w_./-]+%.%l+)(#?[^%s,;:.()\"'`%]|*]*)") do
    local kind = path:match("%.(%l+)$")
    local is_page = kind == "md" and not path:find("^%.?/")
    if KINDS[kind] and (is_root(path) or is_page) then
      list[#list + 1] = path .. (kind == "md" and anchor:match("^#.*") or "")
    end
  end
  for folder in text:gmatch("`([%w_./-]+)/`") do
    if is_root(folder .. "/") then list[#list + 1] = folder end
  end
  return list
end

-- The comments of a source file; a page without its code.
local function prose_of(path)
  local text = support.read(path)
  if path:find("%.md$") then return (text:gsub("\n```.-\n```", "")) end
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    if line:find("^%s*%-%-") or line:find("^%s*/?%*") or line:find("^%s*#") then
      lines[#lines + 1] = line
    else
      lines[#lines + 1] = line:match("%-%- .*$") or line:match("/%*.*$")
    end
  end
  return table.concat(lines, "\n")
end

-- A page names its neighbours without their folder.
local function is_there(target, folder)
  return pages.is_there("", target) or pages.is_there(folder, target)
    or pages.is_there("docs/", target)
end

local function missing_of(path)
  local missing, folder = {}, path:match("^(.*/)") or ""
  for _, target in ipairs(cited_in(prose_of(path))) do
    if not is_there(target, folder) then
      missing[#missing + 1] = path .. ": " .. target
    end
  end
  return missing
end

local function sources()
  local list = {}
  for path in support.output("find csrc lua spec tools bench examples bin "
    .. "Makefile -type f '(' -name '*.lua' -o -name '*.[ch]' -o -name '*.sh' "
    .. "-o -path 'bin/*' -o -name Makefile ')' | LC_ALL=C sort")
    :gmatch("[^\n]+") do
    list[#list + 1] = path
  end
  return list
end

describe("what is named is there, in", function()
  local function check(list)
    assert.is_true(#list > 0)
    local missing = {}
    for _, path in ipairs(list) do
      for _, problem in ipairs(missing_of(path)) do
        missing[#missing + 1] = problem
      end
    end
    assert.same({}, missing)
  end

  it("the comments", function() check(sources()) end)

  it("the pages", function() check(pages.everything()) end)
end)

describe("a citation", function()
  after_each(support.clean)

  local function missing(text, name)
    local path = support.write(support.tempdir() .. "/" .. (name or "x.lua"), text)
    local list = missing_of(path)
    for n, problem in ipairs(list) do list[n] = problem:sub(#path + 3) end
    return list
  end

  it("is found with its heading", function()
    assert.same({}, missing "-- See docs/platform.md#chat-streams, and more.\n")
    for _, target in ipairs { "docs/platform.md#chat-", "docs/platform.md#无" } do
      assert.same({ target }, missing(("-- (%s).\n"):format(target)))
      assert.same({ target }, missing(("local a -- %s\n"):format(target)))
    end
  end)

  it("is found when its file is not there", function()
    for name, target in pairs { ["x.lua"] = "lua/yuanjing/x.lua",
      ["x.md"] = "NOWHERE.md", ["x.c"] = "csrc/core/x.h" } do
      local comment = name == "x.c" and "/* see %s */\n" or "-- See %s.\n"
      assert.same({ target }, missing(comment:format(target), name))
    end
  end)

  it("is none in code", function()
    assert.same({}, missing "local path = 'lua/x.lua'\n")
    assert.same({}, missing("\n```sh\ncat docs/x.md\n```\n", "x.md"))
  end)
end)

-- A page that no other leads to is not read.
describe("each page is led to by", function()
  local function check(folder, is_other, index_page)
    local index, lost = support.read(index_page or folder .. "README.md"), {}
    for _, page in ipairs(pages.everything()) do
      local name = page:sub(1, #folder) == folder and page:sub(#folder + 1)
      if name and name ~= "README.md" and not (is_other and name:find(is_other))
        and not index:find("](" .. name, 1, true) then
        lost[#lost + 1] = page
      end
    end
    assert.same({}, lost)
  end

  it("docs/README.md", function() check("docs/", "^zh/") end)

  it("docs/zh/README.md", function() check("docs/zh/") end)

  it("llms.txt", function() check("", "^%u[%u.]*%.md$", "llms.txt") end)
end)
