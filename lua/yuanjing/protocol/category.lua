--- Categories by the words that people have for them: those of the documents'
-- headings, of other vendors, and of the `type` in a task's usage.
local ALIASES = {
  ["文本生成"] = "t2t", ["文生文"] = "t2t", text2text = "t2t",
  ["文生图"] = "t2i", ["文生图片"] = "t2i", text2image = "t2i",
  ["文生视频"] = "t2v", text2video = "t2v",
  ["图生视频"] = "i2v", ["首尾帧"] = "i2v", ["首尾帧生视频"] = "i2v",
  image2video = "i2v",
  ["参考生视频"] = "ref2v", ["参考图生视频"] = "ref2v", r2v = "ref2v",
  reference2video = "ref2v", refer2video = "ref2v",
}

--- The platform's word for a category; a text that is no other word for one
--- stays as it is.
---@param text string
---@return string
return function(text)
  return ALIASES[text] or text
end
