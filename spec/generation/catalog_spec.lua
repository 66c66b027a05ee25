-- The catalog against spec/data/api/*.json: the same tables of the platform's
-- documents, written down independently.
local catalog = require "yuanjing.generation.catalog"
local json = require "yuanjing.base.json"
local support = require "support"

-- Types with other names in these files.
local TYPES = { ["file[]"] = "files", ["string/file"] = "string" }
local ROLES = { reference_image = "reference_images" }

local function param_of(document)
  return {
    name = document.name,
    type = TYPES[document.type] or document.type,
    required = document.required,
    default = document.default,
    choices = document.enum,
    minimum = document.minimum,
    maximum = document.maximum,
    max_count = document.max_items,
    const = document.const,
    role = ROLES[document.role] or document.role,
    flag = document.name == "off_peak" or nil,
    alias = document.name == "radio" and "ratio" or nil,
  }
end

local function row_of(api, document)
  local params = {}
  for i, param in ipairs(document.params) do params[i] = param_of(param) end
  local path = document.path or "/llmage/video"
  return {
    api = api,
    model = document.model,
    category = document.category,
    vendor = document.vendor,
    llmid = document.llmid,
    available = document.available ~= false,
    kind = path:find("image", 1, true) and "image" or "video",
    params = params,
  }
end

local function rows_of(api)
  local document = assert(json.decode(
    support.read("spec/data/api/models-" .. api .. ".json")))
  local rows = {}
  for i, model in ipairs(document.models) do rows[i] = row_of(api, model) end
  return rows
end

local function row_name(row)
  return ("%s %s %s"):format(row.api, row.model, row.category)
end

describe("catalog", function()
  local documented = {}
  for _, api in ipairs { "v1", "legacy" } do
    for _, row in ipairs(rows_of(api)) do
      documented[#documented + 1] = row
    end
  end

  it("has the documented rows in their order, and no other", function()
    local names, expected = {}, {}
    for i, row in ipairs(catalog) do names[i] = row_name(row) end
    for i, row in ipairs(documented) do expected[i] = row_name(row) end
    assert.same(expected, names)
    assert.equal(28, #names)
  end)

  for i, row in ipairs(documented) do
    it("has each field of " .. row_name(row), function()
      assert.same(row, catalog[i])
    end)
  end

  it("has roles of one vocabulary only", function()
    local known = {}
    for _, role in ipairs(catalog.roles) do known[role] = true end
    for _, row in ipairs(catalog) do
      for _, param in ipairs(row.params) do
        assert.truthy(param.role == nil or known[param.role])
        assert.truthy(param.role or not param.type:find("file"))
      end
    end
  end)

  it("finds a row, by its category or the first", function()
    local row = catalog.find("v1", "viduq3-pro", "i2v")
    assert.same({ "v1", "viduq3-pro", "i2v" },
      { row.api, row.model, row.category })
    assert.equal("t2v", catalog.find("legacy", "viduq3-pro").category)
    assert.equal("FK_h7FLYnosv2TkMN4ATC",
      catalog.find("legacy", "viduq3-pro", "i2v").llmid)
    assert.is_nil(catalog.find("v1", "viduq3-pro", "ref2v"))
    assert.is_nil(catalog.find("v1", "seedance2.0"))
  end)

  it("lists models, each once", function()
    assert.same({ "wan2.2-t2i-plus", "wan2.5-t2i-preview",
      "wan2.2-t2i-flash", "cogview-3-flash" }, catalog.models("v1", "image"))
    assert.same({}, catalog.models("legacy", "image"))
    assert.same({ "doubao-seedance-1-5-pro-251215", "wan2.6-t2v",
      "viduq3-pro", "seedance2.0", "wan2.6-r2v" }, catalog.models("legacy"))
    assert.equal(10, #catalog.models("v1", "video"))
    assert.equal(14, #catalog.models("v1"))
  end)

  it("lists the categories of a model", function()
    assert.same({ "t2v", "i2v", "ref2v" },
      catalog.categories("v1", "doubao-seedance-2-0-260128"))
    assert.same({ "i2v" }, catalog.categories("v1", "wan2.6-r2v"))
    assert.same({}, catalog.categories("v1", "unheard-of"))
  end)
end)
