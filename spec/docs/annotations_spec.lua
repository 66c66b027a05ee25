-- The annotations for editors can be parsed, and are true.
package.path = "tools/?.lua;" .. package.path
local annotations = require "annotations"
local errors = require "yuanjing.errors"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local BUILT_IN = {}
for name in ([[string number integer boolean table function any nil true false
  self unknown thread userdata file* ffi.cdata*]]):gmatch("%S+") do
  BUILT_IN[name] = true
end

local function read_tree()
  local tree = {}
  for path in support.output("find lua -name '*.lua' | LC_ALL=C sort")
    :gmatch("[^\n]+") do
    tree[#tree + 1] = annotations.read(path)
  end
  return tree
end

local function read_text(text)
  return annotations.read(support.write(support.tempdir() .. "/x.lua", text))
end

-- The items of a file that name types, with their lines and the types known
-- only there.
local function items_of(file)
  local items = {}
  local function add(line, list, generics)
    for _, item in ipairs(list or {}) do
      items[#items + 1] = { line = line, names = item.names,
        generics = generics or {} }
    end
  end
  for _, class in ipairs(file.classes) do
    add(class.line, { class })
    add(class.line, class.fields)
  end
  for _, alias in ipairs(file.aliases) do
    add(alias.line, { alias })
    add(alias.line, alias.values)
  end
  for _, block in ipairs(file.blocks) do
    for _, list in ipairs { "params", "returns", "overloads", "types" } do
      add(block.line, block[list], block.generics)
    end
  end
  return items
end

local function find_alias(path, name)
  for _, alias in ipairs(annotations.read(path).aliases) do
    if alias.name == name then return alias end
  end
end

describe("a strict reader", function()
  after_each(support.clean)

  for text, problem in pairs {
    ["---@parm x string\n"] = "unknown tag @parm",
    ["---@param x string|\n"] = "expected a type",
    ["---@param x table<string, \n"] = "expected a type",
    ["---@param x {a: string\n"] = "expected }",
    ["---@param x fun(a: string\n"] = "expected )",
    ["---@param x (string\n"] = "expected )",
    ["---@param string\n"] = "a parameter's name and type",
    ["---@return string[\n"] = "a blank behind the type",
    ["---@field x string\n"] = "a field of no class",
    ["---| \"a\"\n"] = "a value of no alias",
    ["---@class (exact)\n"] = "a class's name",
    ["---@overload string\n"] = "fun(",
  } do
    it("refuses " .. text:gsub("\n", ""), function()
      local ok, message = pcall(read_text, text)
      assert.is_false(ok)
      assert.is_truthy(message:find("x.lua:1: ", 1, true), message)
      assert.is_truthy(message:find(problem, 1, true), message)
    end)
  end

  it("reads what is right", function()
    local file = read_text([[
--- A thing.
---@class (exact) a.Thing: a.Base about it
---@field private _x? number
---@field list (string|integer)[] and so
--- on
---@field [string] any

---@alias a.Word
---| "yes" # it is so
---| "no"

--- Does it.
---@generic T: a.Base, U
---@param self a.Thing
---@param call? fun(a: string, ...: any): table<string, integer>, string?
---@param ... string
---@return { n: integer,
---  [string]: any }? made what it made
---@return "ok"|'bad'|-1|nil
---@nodiscard
function a.doit(self, call, ...)
  return self, call, ...
end
]])
    local thing, doit = file.classes[1], file.functions[1]
    assert.same({ "a.Thing", "a.Base", "about it", true },
      { thing.name, thing.parent, thing.about, thing.is_exact })
    assert.same({ "_x?", "list", "[string]" }, { thing.fields[1].name,
      thing.fields[2].name, thing.fields[3].name })
    assert.same({ "(string|integer)[]", "and so on" },
      { thing.fields[2].text, thing.fields[2].about })
    assert.same({ true, false }, { thing.fields[1].is_hidden,
      thing.fields[2].is_hidden })
    assert.same({ '"yes"', "it is so" }, { file.aliases[1].values[1].text,
      file.aliases[1].values[1].about })
    assert.same({ "self", "call", "..." }, doit.takes)
    assert.same({ "a.Thing" }, doit.doc.params[1].names)
    assert.same({ "string", "any", "table", "string", "integer", "string" },
      doit.doc.params[2].names)
    assert.equal("made what it made", doit.doc.returns[1].about)
    assert.same({ true, true }, { doit.doc.nodiscard, doit.gives })
    assert.same({ T = true, U = true }, doit.doc.generics)
  end)
end)

describe("the annotations", function()
  local tree
  setup(function() tree = read_tree() end)

  it("name no type that is not there", function()
    local known, missing = {}, {}
    for _, file in ipairs(tree) do
      for _, class in ipairs(file.classes) do known[class.name] = true end
      for _, alias in ipairs(file.aliases) do known[alias.name] = true end
    end
    for _, file in ipairs(tree) do
      for _, item in ipairs(items_of(file)) do
        for _, name in ipairs(item.names) do
          if not (known[name] or BUILT_IN[name] or item.generics[name]) then
            missing[#missing + 1] = ("%s:%d: %s"):format(file.path, item.line,
              name)
          end
        end
      end
    end
    assert.same({}, missing)
  end)

  it("declare nothing twice", function()
    local seen, twice = {}, {}
    for _, file in ipairs(tree) do
      for _, list in ipairs { file.classes, file.aliases } do
        for _, declared in ipairs(list) do
          if seen[declared.name] then twice[#twice + 1] = declared.name end
          seen[declared.name] = true
        end
      end
    end
    assert.same({}, twice)
  end)

  it("name only parameters that a function has", function()
    local wrong = {}
    for _, file in ipairs(tree) do
      for _, made in ipairs(file.functions) do
        local takes = ", " .. table.concat(made.takes, ", ") .. ","
        for _, param in ipairs(made.doc.params) do
          local name = ", " .. param.name:gsub("%?", "") .. ","
          if not takes:find(name, 1, true) then
            wrong[#wrong + 1] = ("%s:%d: %s"):format(file.path, made.line,
              param.name)
          end
        end
      end
    end
    assert.same({}, wrong)
  end)

  it("have each kind of error, with what it means", function()
    local alias = find_alias("lua/yuanjing/errors.lua", "yuanjing.ErrorKind")
    local kinds = {}
    for _, value in ipairs(alias.values) do
      assert.is_true(#value.about > 10, value.text)
      kinds[value.text:gsub('"', "")] = true
    end
    for kind in pairs(errors.kinds) do
      assert.is_true(kinds[kind], kind)
      kinds[kind] = nil
    end
    assert.same({}, kinds)
  end)
end)

-- The generator's own work: the rows of its two tables.
describe("the types of the models", function()
  local classes = {}
  setup(function()
    local file = annotations.read("lua/yuanjing/meta/models.lua")
    for _, class in ipairs(file.classes) do classes[class.name] = class end
  end)

  local function field(class, name)
    for _, found in ipairs(classes[class].fields) do
      if found.name:gsub("%?", "") == name then
        return { found.name, found.text, found.about }
      end
    end
  end

  it("have a model's choices, bounds and defaults", function()
    local vidu = "yuanjing.VideoParams.viduq3_pro_i2v"
    assert.same({ "model", '"viduq3-pro"', "" }, field(vidu, "model"))
    assert.same({ "resolution?", '"540p"|"720p"|"1080p"', "default: 1080p" },
      field(vidu, "resolution"))
    assert.same({ "duration?", "integer", "seconds; 1 to 16; default: 10" },
      field(vidu, "duration"))
    assert.same({ "off_peak?", '"Y"|"N"|boolean', "default: N" },
      field(vidu, "off_peak"))
  end)

  it("have its media by both names", function()
    local horse = "yuanjing.VideoParams.happyhorse_1_0_r2v_ref2v"
    local list = "yuanjing.AnyMedium[]|yuanjing.AnyMedium"
    assert.same({ "reference_images?", list,
      "needed; pictures to go by; at most 9" },
      field(horse, "reference_images"))
    assert.same({ "image_files?", list, "the wire's name of reference_images" },
      field(horse, "image_files"))
  end)

  it("allow a default that is none of the choices", function()
    assert.same({ "ratio?",
      '"16:9"|"4:3"|"1:1"|"3:4"|"9:16"|"adaptive"', "default: adaptive" },
      field("yuanjing.VideoParams.happyhorse_1_0_t2v_t2v", "ratio"))
  end)

  it("have every parameter of the catalog", function()
    for _, row in ipairs(yuanjing.catalog) do
      local name = ("yuanjing.%s%s.%s_%s"):format(
        row.api == "legacy" and "legacy." or "",
        row.kind == "image" and "ImageParams" or "VideoParams",
        row.model:gsub("[^%w]", "_"), row.category)
      assert.is_truthy(classes[name], name)
      for _, param in ipairs(row.params) do
        assert.is_truthy(field(name, param.name), name .. " " .. param.name)
      end
    end
  end)
end)

describe("the events", function()
  local server
  setup(function() server = assert(sandbox.start { latency = 0.001 }) end)
  teardown(function() server:stop() end)
  after_each(support.clean)

  -- Field -> whether it may be left out, by the event's type.
  local function declared()
    local types = {}
    for _, class in ipairs(annotations.read("lua/yuanjing/events.lua").classes) do
      local kind = class.name:match("^yuanjing%.(%a+)Event$")
      local fields = {}
      for _, field in ipairs(class.fields) do
        fields[field.name:gsub("%?", "")] = field.name:find("?", 1, true) ~= nil
      end
      if kind then types[kind:lower()] = fields end
    end
    return types
  end

  local function provoke()
    local events = {}
    local client = yuanjing.new { base_url = server.url,
      asset_url = server.asset_url, api_key = server.api_key, retries = 1,
      on_event = function(event) events[#events + 1] = event end }
    local function with(scenario)
      return client:with { headers = { ["X-Sandbox"] = scenario } }
    end
    assert(client:chat { prompt = "你好" })
    assert.is_nil(with("unavailable=0"):chat { prompt = "你好" })
    assert.is_nil((assert(with("cut"):chat { prompt = "你好", stream = true })
      :finish()))
    assert(assert(client:chat { prompt = "你好", stream = true }):finish())
    local one = client:with { limits = { in_flight = 1 } }
    local first = assert(one:chat { prompt = "你好", stream = true })
    local second = yuanjing.async(one.chat, one, { prompt = "你好" })
    first:close()
    assert(second:await())
    local recorded = client:with { journal = support.tempdir() .. "/journal" }
    for _ = 1, 2 do
      assert(recorded:image { model = "wan2.2-t2i-plus", prompt = "猫" })
    end
    assert(client:video { model = "happyhorse-1.0-i2v", prompt = "猫",
      first_frame = yuanjing.bytes("\137PNG\r\n\26\n" .. ("x"):rep(100)) })
    return events
  end

  it("are what they are declared to be", function()
    local types, seen = declared(), {}
    for _, event in ipairs(provoke()) do
      local fields = types[event.type] or {}
      seen[event.type] = true
      for name in pairs(event) do
        assert.is_not_nil(fields[name], event.type .. "." .. name)
      end
      for name, may_lack in pairs(fields) do
        assert.is_true(may_lack or event[name] ~= nil,
          event.type .. "." .. name)
      end
    end
    for kind in pairs(types) do assert.is_true(seen[kind], kind) end
  end)
end)
