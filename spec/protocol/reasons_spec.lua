local json = require "yuanjing.base.json"
local reasons = require "yuanjing.protocol.task.reasons"

-- The answer, its message, and its code.
local REASONS = {
  { '{"error":"no face"}', "no face" },
  { '{"fail_reason":"no face"}', "no face" },
  { '{"failReason":" no face\\n"}', "no face" },
  { '{"failed_reason":{"message":"nsfw"}}', "nsfw" },
  { '{"task_status_msg":"no face","message":"SUCCEED"}', "no face" },
  { '{"message":"SUCCEED","data":{"task_status_msg":"no face"}}', "no face" },
  { '{"code":0,"message":"success","data":{"task":{"failMsg":"no face"}}}',
    "no face" },
  { '{"output":{"code":"DataInspectionFailed","message":"no face"}}',
    "no face", "DataInspectionFailed" },
  { '{"error":{"code":"Sensitive","message":"no face"}}', "no face",
    "Sensitive" },
  { '{"err_code":"AuditSubmitIllegal"}', nil, "AuditSubmitIllegal" },
  { '{"error_code":30001,"error_msg":"no face"}', "no face", "30001" },
  { '{"base_resp":{"status_code":1026,"status_msg":"no face"}}', "no face",
    "1026" },
  { '{"output":{"results":[{"url":"http://h/1"},{"code":"E7",'
    .. '"message":"no face"}]}}', "no face", "E7" },
  { '{"detail":[{"msg":"no face"}]}', "no face" },
  { '{"status_details":{"reason":"no face"}}', "no face" },
  { '{"message":"失败：没有人脸","code":"200"}', "失败：没有人脸" },
  { '{"reason":"timeout"}', "timeout" },
  { '{"cancel_reason":"no face","finish_reason":"stop"}', "no face" },
}

-- Answers that report no failure.
local SILENT = { "{}", '{"error":null}', '{"error":""}', '{"error":"None"}',
  '{"message":"ok"}', '{"message":"操作成功"}', '{"message":"Task completed"}',
  '{"fail_reason":"https://h/video.mp4"}', '{"code":0,"msg":"success"}',
  '{"error":{"message":"null"}}', '{"video":"http://h/1"}' }

describe("the reason of a failure", function()
  for _, case in ipairs(REASONS) do
    it("is found in " .. case[1], function()
      local message, code = reasons.of(assert(json.decode(case[1])))
      assert.same({ case[2], case[3] }, { message, code })
    end)
  end

  for _, text in ipairs(SILENT) do
    it("is not in " .. text, function()
      assert.same({}, { reasons.of(assert(json.decode(text))) })
    end)
  end

  it("is stated only in fields that are there for it", function()
    for text, is_stated in pairs {
      ['{"fail_reason":"no face"}'] = true,
      ['{"output":{"error":{"message":"no face"}}}'] = true,
      ['{"err_code":"E7"}'] = true,
      ['{"message":"3 before you"}'] = false,
      ['{"task_status_msg":"3 before you"}'] = false,
      ['{"code":"E7"}'] = false,
    } do
      assert.equal(is_stated, reasons.are_stated(assert(json.decode(text))))
    end
  end)

  it("is looked for in a table that holds itself, too", function()
    local document = { data = {} }
    document.data.data = document
    assert.is_nil((reasons.of(document)))
  end)
end)
