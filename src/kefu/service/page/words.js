// What the page itself says, in both languages.

const WORDS = {
  en: {
    skip: "Skip to the message box",
    isAssistant: "Automatic assistant",
    isPerson: "A person will answer here",
    sound: "Read answers aloud",
    anew: "New conversation",
    talk: "Conversation",
    greeting: "How can I help you?",
    welcome: "Write, show a picture or speak. I answer from the shop's help pages, and bring in a person when I am not sure.",
    composer: "Your message",
    suggestions: "Suggested answers",
    attach: "Add a picture",
    detach: "Remove the picture",
    speak: "Speak: hold, or tap to start and tap to send",
    send: "Send",
    small: "Answers come from a computer. Do not send passwords or card numbers.",
    drop: "Drop the picture here",
    close: "Close",
    placeholder: "Write a message",
    you: "You",
    assistant: "Assistant",
    picture: "Picture that you sent",
    recording: "Recording that you sent",
    heard: "Heard",
    nothingHeard: "I could not make out any words.",
    source: "Source",
    listen: "Listen to this answer",
    up: "This helped",
    down: "This did not help",
    thanks: "Thank you for telling us.",
    waiting: "The assistant is thinking",
    recording_now: "Listening… let go or tap to send, Escape to cancel",
    noMicrophone: "The microphone cannot be used. Allow it in the browser, or write instead.",
    tooShort: "That was too short. Hold the button while you speak.",
    noPicture: "That is not a picture.",
    tooLarge: "The picture is too large. It may have 10 MB at most.",
    failed: "Not sent.",
    again: "Try again",
    offline: "No connection to the shop.",
    gone: "That conversation is no longer there; this is a new one.",
    handedOver: "A person takes over and has the whole conversation. You can go on writing.",
    proposed: "To be done once you say yes",
    confirmed: "Passed on to the shop",
    declined: "Not done",
    other: "中文",
  },
  zh: {
    skip: "跳到输入框",
    isAssistant: "智能客服",
    isPerson: "人工客服将在这里回复",
    sound: "朗读回答",
    anew: "新的对话",
    talk: "对话",
    greeting: "有什么可以帮您？",
    welcome: "打字、发图片或者说话都可以。我根据店铺的帮助文章回答，拿不准时会请人工客服接手。",
    composer: "您的消息",
    suggestions: "推荐回复",
    attach: "添加图片",
    detach: "移除图片",
    speak: "语音：按住说话，或点一下开始、再点一下发送",
    send: "发送",
    small: "回答由电脑生成。请勿发送密码或银行卡号。",
    drop: "把图片拖到这里",
    close: "关闭",
    placeholder: "请输入消息",
    you: "您",
    assistant: "客服",
    picture: "您发送的图片",
    recording: "您发送的录音",
    heard: "听到",
    nothingHeard: "没有听清楚您说的话。",
    source: "来源",
    listen: "听这条回答",
    up: "有帮助",
    down: "没有帮助",
    thanks: "谢谢您的反馈。",
    waiting: "客服正在思考",
    recording_now: "正在听……松开或再点一下发送，按 Esc 取消",
    noMicrophone: "无法使用麦克风。请在浏览器中允许，或改用打字。",
    tooShort: "录音太短了，请按住按钮说话。",
    noPicture: "这不是图片。",
    tooLarge: "图片太大，最多 10 MB。",
    failed: "没有发送成功。",
    again: "重试",
    offline: "连接不上店铺。",
    gone: "之前的对话已经不在了，这是新的对话。",
    handedOver: "人工客服会接手，并能看到全部对话。您可以继续留言。",
    proposed: "您确认后办理",
    confirmed: "已转交店铺办理",
    declined: "未办理",
    other: "English",
  },
};

export class Words {
  constructor(language) {
    this.language = language in WORDS ? language : "en";
  }

  get other() {
    return this.language === "en" ? "zh" : "en";
  }

  say(name) {
    return WORDS[this.language][name];
  }

  // Put the words into every element that asks for some: as text, as its name for screen readers, or as a tooltip.
  write(root = document) {
    document.documentElement.lang = this.language === "zh" ? "zh-Hans" : "en";
    for (const element of root.querySelectorAll("[data-words]")) element.textContent = this.say(element.dataset.words);
    for (const element of root.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", this.say(element.dataset.label));
      if (element.tagName === "BUTTON") element.title = this.say(element.dataset.label);
    }
    for (const element of root.querySelectorAll("[data-title]")) element.title = this.say(element.dataset.title);
  }
}
