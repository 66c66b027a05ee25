local ascii = require "yuanjing.base.ascii"
local answers = require "yuanjing.protocol.task.answer"
local json = require "yuanjing.base.json"

local function result(fields)
  local whole = { images = {}, videos = {}, audios = {}, outputs = {} }
  for key, value in pairs(fields) do whole[key] = value end
  return whole
end

-- The answer without `raw`, which is the document itself.
local function read(how, text)
  local answer, failure = answers[how](assert(json.decode(text)), "http://h")
  if answer and answer.result then answer.result.raw = nil end
  return answer, failure
end

local GONE = { status = "FAILED", missing = true, failure = {
  kind = "not_found",
  message = "the platform does not know the task (any more)" } }

-- Submits ------------------------------------------------------------------

local DONE_AT_ONCE = { status = "SUCCEEDED",
  result = result { image = "http://h/1", images = { "http://h/1" } } }

local SUBMITS = {
  ["flat"] = { '{"taskid":"7","status":"CREATED"}',
    { id = "7", status = "CREATED" } },
  ["wrapped"] = { '{"status":"ok","data":{"taskid":"7","status":"PENDING"}}',
    { id = "7", status = "PENDING" } },
  ["wrapped twice"] = { '{"status":"ok","data":{"resposne":{"taskid":"7",'
    .. '"taskstatus":"submitted"}}}', { id = "7", status = "SUBMITTED" } },
  ["wrapped in a list"] = { '{"code":0,"data":[{"taskid":"7",'
    .. '"status":"PENDING"}]}', { id = "7", status = "PENDING" } },
  ["wrapped without a status"] = { '{"status":"ok","data":{"taskid":"7"}}',
    { id = "7", status = "CREATED" } },
  ["flat with an ok"] = { '{"status":"ok","taskid":"7"}',
    { id = "7", status = "CREATED" } },
  ["in lower case"] = { '{"taskid":"7","status":"created"}',
    { id = "7", status = "CREATED" } },
  ["submitted"] = { '{"taskid":"7","status":"submitted"}',
    { id = "7", status = "SUBMITTED" } },
  ["a number for an id"] = { '{"taskid":70000000000,"status":"CREATED"}',
    { id = "70000000000", status = "CREATED" } },
  ["an id of 64 bits"] = {
    '{"taskid":"936759404378734592","status":"CREATED"}',
    { id = "936759404378734592", status = "CREATED" } },
  ["finished without an id"] = {
    '{"status":"SUCCEEDED","image":["http://h/1"]}', DONE_AT_ONCE },
  ["finished, wrapped"] = {
    '{"status":"ok","data":{"status":"succeeded","image":"http://h/1"}}',
    DONE_AT_ONCE },
  ["a picture and nothing else"] = { '{"image":["http://h/1"]}', DONE_AT_ONCE },
  ["finished with an id"] = {
    '{"taskid":"7","status":"SUCCEEDED","video":"http://h/2"}',
    { id = "7", status = "SUCCEEDED", result = result {
      video = "http://h/2", videos = { "http://h/2" } } } },
  ["finished, the result not told yet"] = {
    '{"taskid":"7","status":"SUCCEEDED"}', { id = "7", status = "SUCCEEDED" } },
  ["running with a cover"] = {
    '{"taskid":"7","status":"RUNNING","image":"http://h/1"}',
    { id = "7", status = "RUNNING" } },
  ["an id and words"] = { '{"taskid":"7","text":"please wait"}',
    { id = "7", status = "CREATED" } },
  ["an id of its own, beside a status"] = { '{"id":"7","status":"queued"}',
    { id = "7", status = "QUEUED" } },
  ["task_id, wrapped"] = {
    '{"code":0,"message":"SUCCEED","data":{"task_id":"7",'
    .. '"task_status":"submitted"}}', { id = "7", status = "SUBMITTED" } },
  ["a final word without a reason"] = {
    '{"taskid":"7","status":"rejected"}', { id = "7", status = "REJECTED" } },
  ["finished, in a vendor's own word"] = {
    '{"taskid":"7","status":"succeed","data":[{"url":"/a.png"}]}',
    { id = "7", status = "SUCCEEDED", result = result {
      image = "http://h/a.png", images = { "http://h/a.png" } } } },
  ["an unknown word with a result"] = {
    '{"taskid":"7","status":"weird","image":"http://h/1"}',
    { id = "7", status = "SUCCEEDED", result = result {
      image = "http://h/1", images = { "http://h/1" } } } },
  ["the platform's list of pictures"] = {
    '{"created":1,"data":[{"url":"http://h/1.png"},{"url":"http://h/2.png"}]}',
    { status = "SUCCEEDED", result = result { image = "http://h/1.png",
      images = { "http://h/1.png", "http://h/2.png" } } } },
  ["errors that say nothing"] = {
    '{"taskid":"7","status":"CREATED","error":"","data":{}}',
    { id = "7", status = "CREATED" } },
}

describe("the answer to a submit", function()
  for name, case in pairs(SUBMITS) do
    it("is read: " .. name, function()
      assert.same(case[2], (read("read_submit", case[1])))
    end)
  end

  for status, text in pairs {
    FAILED = '{"taskid":"7","status":"FAILED","error":"no such face"}',
    REJECTED = '{"taskid":"7","status":"rejected","fail_reason":"no such face"}',
  } do
    it("is a task that failed, with its id: " .. status, function()
      local answer, failure = read("read_submit", text)
      assert.is_nil(answer)
      assert.same({ "task_failed", "no such face", { id = "7",
        status = status } }, { failure.kind, failure.message, failure.task })
    end)
  end

  it("is a refusal without a task", function()
    for _, text in ipairs { '{"status":"error","data":{"message":"no"}}',
      '{"error":{"message":"no"}}', '{"status":"FAILED","error":"no"}' } do
      local answer, failure = read("read_submit", text)
      assert.is_nil(answer)
      assert.same({ "platform", "no" }, { failure.kind, failure.message })
    end
  end)

  it("names nothing at all", function()
    for _, text in ipairs { "{}", '{"status":"ok"}', '{"status":"SUCCEEDED"}',
      '{"status":"ok","data":{}}', '{"taskid":""}', '{"taskid":null}' } do
      local answer, failure = read("read_submit", text)
      assert.is_nil(answer)
      assert.same({ kind = "decode",
        message = "the answer names neither a task nor a result" }, failure)
    end
  end)
end)

-- Queries ------------------------------------------------------------------

local STATUSES = {
  ["flat"] = { '{"taskid":"8","status":"RUNNING"}',
    { id = "8", status = "RUNNING" } },
  ["without an id"] = { '{"status":"PENDING"}', { status = "PENDING" } },
  ["wrapped"] = { '{"status":"ok","data":{"status":"RUNNING"}}',
    { status = "RUNNING" } },
  ["misspelt"] = {
    '{"status":"ok","data":{"resposne":{"taskid":"8","status":"running"}}}',
    { id = "8", status = "RUNNING" } },
  ["taskstatus"] = { '{"status":"ok","taskstatus":"running"}',
    { status = "RUNNING" } },
  ["taskstatus, wrapped"] = { '{"status":"ok","data":{"taskstatus":"created"}}',
    { status = "CREATED" } },
  ["data that says nothing"] = { '{"status":"RUNNING","data":{}}',
    { status = "RUNNING" } },
  ["a word of its own"] = { '{"status":"Queued-Again"}',
    { status = "QUEUED-AGAIN" } },
  ["unknown for the moment"] = {
    '{"status":"FAILED","error":"taskid=8 not exist"}',
    GONE },
  ["unknown, wrapped"] = {
    '{"status":"ok","data":{"status":"FAILED","error":"taskid=8 not exist"}}',
    GONE },
  ["unknown, with empty data"] = {
    '{"status":"FAILED","error":"taskid=8 not exist","data":{}}',
    GONE },
  ["an array and a cover"] = { '{"taskid":8,"status":"succeeded",'
    .. '"video":["http://h/1","http://h/2"],"image":"http://h/c",'
    .. '"usage":{"n":2}}',
    { id = "8", status = "SUCCEEDED", result = result { video = "http://h/1",
      videos = { "http://h/1", "http://h/2" }, image = "http://h/c",
      images = { "http://h/c" }, usage = { n = 2 } } } },
  ["strings of all kinds"] = { '{"status":"SUCCEEDED","audio":"http://h/a",'
    .. '"output":"http://h/o","text":"t","video":"","image":null}',
    { status = "SUCCEEDED", result = result { audio = "http://h/a",
      audios = { "http://h/a" }, output = "http://h/o",
      outputs = { "http://h/o" }, text = "t" } } },
  ["blanks around the word"] = { '{"status":" SUCCEEDED\\n","image":"http://h/1"}',
    { status = "SUCCEEDED", result = result { image = "http://h/1",
      images = { "http://h/1" } } } },
  ["a word that is unknown, with a result"] = {
    '{"taskid":"8","status":"archived","video":"http://h/1"}',
    { id = "8", status = "ARCHIVED", result = result { video = "http://h/1",
      videos = { "http://h/1" } } } },
  ["an ok, with a result"] = {
    '{"taskid":"8","status":"ok","video":"http://h/1"}',
    { id = "8", status = "SUCCEEDED", result = result { video = "http://h/1",
      videos = { "http://h/1" } } } },
  ["an unknown word with a line of a log"] = {
    '{"taskid":"8","status":"stage 2","output":"loading the model"}',
    { id = "8", status = "STAGE 2" } },
  ["an unknown word alone"] = { '{"taskid":"8","status":"archived"}',
    { id = "8", status = "ARCHIVED" } },
  ["still going, with a cover and words"] = {
    '{"taskid":"8","status":"处理中","image":"http://h/c","message":"2 before you"}',
    { id = "8", status = "处理中" } },
  ["kling's"] = { '{"code":0,"message":"SUCCEED","data":{"task_id":"8",'
    .. '"task_status":"succeed","task_result":{"videos":[{"id":"9",'
    .. '"url":"http://h/1","duration":"5"}]}}}',
    { id = "8", status = "SUCCEED", result = result { video = "http://h/1",
      videos = { "http://h/1" } } } },
  ["dashscope's"] = { '{"taskid":"8","status":"SUCCEEDED","output":{'
    .. '"task_status":"SUCCEEDED","video_url":"http://h/1"}}',
    { id = "8", status = "SUCCEEDED", result = result { video = "http://h/1",
      videos = { "http://h/1" } } } },
  ["a cover outside, the film inside"] = {
    '{"status":"SUCCEEDED","image":"//h/c","output":{"videos":["/1.mp4"]}}',
    { status = "SUCCEEDED", result = result { video = "http://h/1.mp4",
      videos = { "http://h/1.mp4" }, image = "http://h/c",
      images = { "http://h/c" } } } },
  ["a list with losses"] = { '{"status":"SUCCEEDED","image":["http://h/1","",'
    .. '{"error":{"message":"no face"}},{"url":"http://h/4"}]}',
    { status = "SUCCEEDED", result = result { image = "http://h/1",
      images = { "http://h/1", "http://h/4" }, problems = {
        "image 2: no address came", "image 3: no face" } } } },
  ["an output that is text"] = { '{"status":"SUCCEEDED","output":"a cat, he/she"}',
    { status = "SUCCEEDED", result = result { output = "a cat, he/she",
      outputs = { "a cat, he/she" } } } },
  ["pictures outside of a wrapper, and usage"] = {
    '{"status":"SUCCEEDED","images":["http://h/1"],"usage":{"n":1},"data":{}}',
    { status = "SUCCEEDED", result = result { image = "http://h/1",
      images = { "http://h/1" }, usage = { n = 1 } } } },
  ["usage outside of the result"] = {
    '{"status":"SUCCEEDED","usage":{"n":1},"result":{"video_url":"http://h/1"}}',
    { status = "SUCCEEDED", result = result { video = "http://h/1",
      videos = { "http://h/1" }, usage = { n = 1 } } } },
  ["a success that brought nothing"] = {
    '{"status":"SUCCEEDED","message":"the content was refused","data":"ok"}',
    { status = "SUCCEEDED", result = result {
      reason = "the content was refused" } } },
  ["the result wrapped in a status"] = {
    '{"status":"SUCCEEDED","data":{"image":"http://h/1"}}',
    { status = "SUCCEEDED", result = result { image = "http://h/1",
      images = { "http://h/1" } } } },
}

describe("the answer to a status query", function()
  for name, case in pairs(STATUSES) do
    it("is read: " .. name, function()
      assert.same(case[2], (read("read_status", case[1])))
    end)
  end

  for _, word in ipairs { "FAILED", "UNKNOWN", "CANCELED", "CANCELLED",
    "EXPIRED" } do
    it("ends the task: " .. word, function()
      local answer = read("read_status",
        '{"taskid":"8","status":"' .. ascii.lower(word) .. '"}')
      assert.same({ word, "task_failed",
        "the platform reported the status " .. word },
        { answer.status, answer.failure.kind, answer.failure.message })
    end)
  end

  for name, text in pairs {
    ["an error"] = '{"status":"FAILED","error":"no such face"}',
    ["a message"] = '{"status":"CANCELED","message":"no such face"}',
    ["an error, wrapped"] = '{"status":"ok","data":{"status":"FAILED",'
      .. '"error":{"message":"no such face"}}}',
    ["data with a message"] =
      '{"status":"FAILED","data":{"message":"no such face"}}',
    ["kling's"] = '{"status":"FAILED","message":"SUCCEED","data":'
      .. '{"task_status":"failed","task_status_msg":"no such face"}}',
    ["new-api's"] = '{"status":"FAILURE","fail_reason":"no such face"}',
    ["a word in its own case"] = '{"status":"Rejected","reason":"no such face"}',
    ["an error word beside the id"] =
      '{"status":"error","taskid":"8","error":"no such face"}',
    ["an unknown word with a reason"] =
      '{"status":"moved","fail_reason":"no such face"}',
  } do
    it("has why the task failed: " .. name, function()
      local answer = read("read_status", text)
      assert.same({ "task_failed", "no such face" },
        { answer.failure.kind, answer.failure.message })
    end)
  end

  it("has the code where there is nothing else", function()
    local answer = read("read_status", '{"status":"FAILED","err_code":"E7"}')
    assert.same({ "the platform reported the status FAILED: E7", "E7" },
      { answer.failure.message, answer.failure.code })
  end)

  it("is about the task when something else does not exist", function()
    local answer = read("read_status",
      '{"status":"FAILED","error":"the image does not exist"}')
    assert.is_nil(answer.missing)
    assert.equal("task_failed", answer.failure.kind)
  end)

  for name, text in pairs {
    ["the platform's way"] = '{"status":"error","data":{"message":"busy"}}',
    ["capitals"] = '{"status":"ERROR","data":{"message":"busy"}}',
    ["an error"] = '{"error":{"message":"busy"}}',
  } do
    it("is of a query that failed: " .. name, function()
      local answer, failure = read("read_status", text)
      assert.is_nil(answer)
      assert.same({ "platform", "busy" }, { failure.kind, failure.message })
    end)
  end

  it("names no status", function()
    for _, text in ipairs { "{}", '{"status":"ok"}', '{"status":"ok","data":{}}',
      '{"status":"ok","data":{"taskid":"8"}}' } do
      local answer, failure = read("read_status", text)
      assert.is_nil(answer)
      assert.same({ kind = "decode",
        message = "the answer names no status" }, failure)
    end
  end)
end)
