local core = require "yuanjing.core"
local page = require "yuanjing.task.download.page"
local support = require "support"

local function failure(bytes, content_type, kind)
  local path = support.write(support.tempdir() .. "/x", bytes)
  return page.failure(assert(core.open_to_read(path)),
    { ["content-type"] = content_type }, kind)
end

describe("in place of a file", function()
  after_each(support.clean)

  for name, case in pairs {
    ["nothing"] = { "", nil, "decode" },
    ["a page"] = { "<!DOCTYPE html><title>Sign in</title>", "text/html",
      "decode" },
    ["a page that says it is a picture"] = { " \r\n<html>", "image/png",
      "decode" },
    ["a page behind a mark of its encoding"] = { "\239\187\191<HTML>", nil,
      "decode" },
    ["a page in UTF-16"] = { "\255\254<\0h\0t\0m\0l\0>\0", nil, "decode" },
    ["a page with a comment first"] = { "<!-- x --><p>", nil, "decode" },
    ["an error of the storage"] = { '<?xml version="1.0"?><Error>'
      .. "<Code>AccessDenied</Code></Error>", nil, "decode" },
    ["a page with a drawing in it"] = { "<html><svg></svg>", nil, "decode" },
    ["the platform's failure"] = {
      '{"status":"error","data":{"message":"文件已过期"}}', nil, "platform" },
    ["JSON that says nothing"] = { '{"a":1}', "image/png", "decode" },
    ["a list"] = { '[{"a":1}]', nil, "decode" },
    ["words"] = { "Access denied", "text/plain", "decode" },
  } do
    it("is seen: " .. name, function()
      local found = failure(case[1], case[2], "image")
      assert.equal(case[3], found and found.kind)
      assert.truthy(found.message)
    end)
  end

  for name, case in pairs {
    ["a picture that is called a page"] = { "\137PNG\r\n\26\n", "text/html" },
    ["a film that is called a text"] = { "\0\0\0\24ftypisom", "text/plain" },
    ["a drawing"] = { '<?xml version="1.0"?>\n<svg xmlns="x"/>',
      "image/svg+xml" },
    ["bytes that nobody knows"] = { "\1\2\3", "text/plain" },
    ["words that nobody calls a text"] = { "film", nil },
    ["words that are called a film"] = { "film", "video/mp4" },
    ["a text, where the kind of output is not told"] = { '{"a":1}',
      "application/json", "output" },
    ["a model, where the kind of output is not told"] = { "<COLLADA/>",
      "model/vnd.collada+xml", "output" },
  } do
    it("is not suspected: " .. name, function()
      assert.is_nil(failure(case[1], case[2], case[3]))
    end)
  end

  it("is a page even where the kind of output is unknown", function()
    assert.equal("decode", failure("<html>", "text/html", "output").kind)
    assert.equal("decode", failure("", nil, "output").kind)
  end)

  it("is shown with its text", function()
    local found = failure("<title>Sign in</title>", "text/html")
    assert.truthy(found.message:find("Sign in", 1, true), found.message)
    found = failure('{"error":{"message":"no such file"}}', nil)
    assert.truthy(found.message:find("no such file", 1, true), found.message)
  end)
end)
