--- The texts of the room in the player's language: Chinese where the hints of errors
-- are Chinese, too (YUANJING_LANG, else the locale), if there is a font for it.
local font = require "font"
local language = require "yuanjing.base.language"

local CHINESE = {
  ["One at a time, please!"] = "请一幅一幅来！",
  ["With pleasure! Look at the easel."] = "很乐意！请看画架。",
  ["There it is. Do you like it?"] = "画好了。喜欢吗？",
  ["mixing colours"] = "正在调色", ["fetching"] = "正在取画",
  ["%s, %d s"] = "%s，%d 秒",
  ["What shall be painted?  一只猫坐在月亮上"] = "想画什么？  一只猫坐在月亮上",
  ["Ask anything, or “feed the cat”, “画一只猫”"] =
    "随便问，或者说“喂猫”“画一只猫”",
  ["Enter: send    Esc: back"] = "回车：发送    Esc：返回",
  ["Enter: have a picture painted"] = "回车：请她画一幅画",
  ["Enter: talk    Esc or walk away: leave    V: voice off"] =
    "回车：说话    Esc 或走开：离开    V：关闭语音",
  ["Enter: talk    Esc or walk away: leave    V: voice on"] =
    "回车：说话    Esc 或走开：离开    V：打开语音",
  ["Arrow keys or WASD: walk up to Yuan"] = "方向键或 WASD：走到小元身边",
  ["with your key"] = "使用你的密钥",
  ["sandbox: no key, no cost"] = "沙箱：不需要密钥，不花钱",

  ["I may not answer: the key is missing or wrong. Is YUANJING_API_KEY set to a "
    .. "good one?"] = "我不能回答：没有密钥，或者密钥不对。YUANJING_API_KEY 设置好了吗？",
  ["The account is empty. Somebody has to top it up first."] =
    "账户里没有钱了，得先有人充值。",
  ["Too many questions at once. Give me a moment, then ask again."] =
    "一下子问得太多了。让我歇一会儿，再问吧。",
  ["Something broke at the other end. Please try again a bit later."] =
    "那一头出了故障，请过一会儿再试。",
  ["I can not reach the platform. Is the network there?"] =
    "我联系不上平台。网络通吗？",
  ["That took too long, I gave up waiting. Shall we try again?"] =
    "等得太久，我放弃了。再试一次吗？",
  ["... I lost the thread: the line broke off in the middle."] =
    "……我说到哪儿了？连接中途断了。",
  ["This picture would not come out. Try other words?"] =
    "这幅画没能画出来。换个说法试试？",
  ["The line broke before I had an answer. It may have been received, and billed: "
    .. "look before you ask again."] =
    "还没等到回答连接就断了。可能已经收到并计费：再问之前请先查看。",
  ["That did not work: %s"] = "没有成功：%s",
}

---@param english string a format, if there are values
---@param ... string|number
---@return string
return function(english, ...)
  local is_chinese = font.has_chinese and language.name() == "zh"
  local text = is_chinese and CHINESE[english] or english
  return select("#", ...) > 0 and text:format(...) or text
end
