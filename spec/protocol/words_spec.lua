local words = require "yuanjing.protocol.task.words"

local MEANINGS = {
  succeeded = { "SUCCEEDED", "succeed", "Success", "successful", "completed",
    "COMPLETE", "Finished", "done", "ready", "TASK_STATUS_SUCCEED",
    "taskSucceeded", "task-completed", "success_with_warnings", "成功",
    "已完成", "生成成功" },
  failed = { "FAILED", "fail", "Failure", "error", "REJECTED", "timeout",
    "TIMED_OUT", "time-out", "canceled", "CANCELLED", "expired", "unknown",
    "aborted", "taskFailed", "TASK_STATUS_FAILED", "submit_failed",
    "PROCESSING_ERROR", "Content Moderated", "unsuccessful", "失败",
    "生成失败", "超时", "已取消", "审核不通过", "未成功" },
  going = { "PROCESSING", "QUEUED", "PENDING", "RUNNING", "CREATED",
    "submitted", "in_queue", "IN_PROGRESS", "inProgress", "NOT_STARTED",
    "waiting for completion", "ready_to_start", "RETRYING_AFTER_FAILURE",
    "处理中", "排队中", "生成中", "未完成", "等待中" },
  [false] = { "WEIRD", "NOT_FINISHED", "not found", "incomplete", "2", "好" },
}

describe("a status word", function()
  for meaning, list in pairs(MEANINGS) do
    for _, word in ipairs(list) do
      it(("means %s: %s"):format(tostring(meaning), word), function()
        assert.equal(meaning or nil, words.meaning(word))
      end)
    end
  end

  it("is shown in capitals, without blanks around it", function()
    assert.equal("IN PROGRESS", words.status(" in Progress\n"))
    assert.equal("处理中", words.status("处理中"))
    for _, none in ipairs { "", "  ", 2, {}, true } do
      assert.is_nil(words.status(none))
    end
  end)

  it("is the same in every locale", function()
    local before = os.setlocale(nil)
    finally(function() os.setlocale(before) end)
    for _, locale in ipairs { "C", "tr_TR.UTF-8", "tr_TR.ISO-8859-9" } do
      os.setlocale(locale)
      assert.equal("FAILED", words.status("failed"))
      assert.equal("failed", words.meaning("failing: failed"))
    end
  end)

  it("alone gives no reason, unless it is one", function()
    for _, word in ipairs { "SUCCEED", "failed", "Processing", "error" } do
      assert.is_true(words.is_bare(word))
    end
    for _, word in ipairs { "timeout", "nsfw", "no face" } do
      assert.is_false(words.is_bare(word))
    end
  end)
end)
