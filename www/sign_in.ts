// People who sign in at the backend, for shops without a server of their own. The backend compares the secret, never
// this page. The page keeps tokens in memory only, so that a reload asks for the secret again.

import { $, dialog, element, tell } from "./dom";
import { current, dispatch } from "./loop";
import { terminalName } from "./session";
import { say, sentenceOf, told } from "./words";

interface SignedIn {
  token: string;
  expires_at: string;
  name: string;
  rights: readonly string[];
}

const KEPT_NAME = "kaunter.name";
const PAD = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "C", "0", "⌫"];
/** A token is replaced when a third of its life is left: a call that fails then is repeated in time. */
const RENEW_AT = 2 / 3;
const RENEW_AGAIN_MS = 20_000;

/** Who works at this till. */
let person: SignedIn | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
/** The dialog that is open, so that concurrent calls share it. */
let asking: Promise<SignedIn> | null = null;
/** Tokens of a manager, each for the next call that needs its right. */
const lent = new Map<string, string>();
let shown: (name: string) => void = () => {};
/** Whether the dialog asks for a manager. */
let isManager = false;

/** `changed` runs when another person has signed in, with the name. */
export function wireSignIn(changed: (name: string) => void): void {
  shown = changed;
  for (const key of PAD) {
    const button = element("button", "key", key);
    button.dataset.pin = key;
    button.onclick = () => typed(key);
    $("sign-in-pad").append(button);
  }
  // Nobody signs in to practise.
  $("sign-in-practice").onclick = () => {
    dispatch({ type: "practice_pressed" });
    const { trouble } = current();
    tell("sign-in-trouble", trouble && sentenceOf(trouble));
  };
}

/** The title, in the chosen language. */
export function nameSignIn(): void {
  $("sign-in-word").textContent = say(isManager ? "signInManager" : "signInTitle");
}

/** The pad types into the field as a keyboard does. */
function typed(key: string): void {
  const field = $<HTMLInputElement>("sign-in-secret");
  if (key === "C") field.value = "";
  else if (key === "⌫") field.value = field.value.slice(0, -1);
  else if (field.value.length < field.maxLength) field.value += key;
}

/** Resolves when somebody is signed in. */
export async function ensureSignedIn(): Promise<void> {
  if (!isValid(person)) await cashier();
}

/** Before a call that needs a right: asks a person who has it, if the cashier has not. */
export async function ensureRight(right: string): Promise<void> {
  if (person === null || person.rights.includes(right)) return;
  lent.set(right, (await ask(right)).token);
}

/** The token for a call of the till. */
export async function signedInToken({ right }: { right?: string }): Promise<string> {
  const borrowed = right === undefined ? undefined : lent.get(right);
  if (right !== undefined && borrowed !== undefined) {
    lent.delete(right);
    return borrowed;
  }
  if (person !== null && isValid(person)) return person.token;
  return (await cashier()).token;
}

const isValid = (who: SignedIn | null) => who !== null && Date.parse(who.expires_at) > Date.now();

/** Asks who works here, once for all that wait for it. */
function cashier(): Promise<SignedIn> {
  asking ??= ask(null).then(
    (who) => {
      asking = null;
      person = who;
      localStorage.setItem(KEPT_NAME, who.name);
      shown(who.name);
      renewLater(Date.parse(who.expires_at) - Date.now());
      return who;
    },
    (error: unknown) => {
      asking = null;
      throw error;
    },
  );
  return asking;
}

function renewLater(lifeMs: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void renew(), lifeMs * RENEW_AT);
}

async function renew(): Promise<void> {
  const before = person;
  if (before === null) return;
  const answer = await post("/v1/sign-in/renew", undefined, before.token);
  if (person !== before) return;
  if (answer.who) {
    person = answer.who;
    renewLater(Date.parse(answer.who.expires_at) - Date.now());
  } else if (answer.code === null) timer = setTimeout(() => void renew(), RENEW_AGAIN_MS);
}

interface Answer {
  who: SignedIn | null;
  /** The code of a refusal; `null` without an answer. */
  code: string | null;
  message: string;
  seconds: number;
}

async function post(path: string, body: unknown, token?: string): Promise<Answer> {
  const none = { who: null, code: null, message: "", seconds: 0 };
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { "kaunter-token": token } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      cache: "no-store",
      redirect: "error",
    });
    const json = await answer.json();
    if (answer.ok) return { ...none, who: json };
    return { ...none, code: json.code, message: json.detail, seconds: Number(answer.headers.get("retry-after")) };
  } catch {
    return none;
  }
}

/** Opens the dialog. Without a right it stays until somebody has signed in. */
function ask(right: string | null): Promise<SignedIn> {
  const [box, name, secret] = [
    dialog("sign-in"),
    $<HTMLInputElement>("sign-in-name"),
    $<HTMLInputElement>("sign-in-secret"),
  ];
  const canLeave = right !== null;
  isManager = canLeave;
  nameSignIn();
  $("sign-in-close").hidden = !canLeave;
  $("sign-in-practice").hidden = canLeave;
  name.value = canLeave ? "" : (localStorage.getItem(KEPT_NAME) ?? "");
  tell("sign-in-trouble", null);
  return new Promise((resolve, reject) => {
    let isDone = false;
    const end = () => {
      isDone = true;
      box.close();
    };
    const attempt = async () => {
      const go = $<HTMLButtonElement>("sign-in-go");
      if (go.disabled) return;
      go.disabled = true;
      tell("sign-in-trouble", null);
      const { who, ...refusal } = await post("/v1/sign-in", {
        name: name.value,
        secret: secret.value,
        terminal: terminalName(),
      });
      secret.value = "";
      go.disabled = false;
      if (who && (right === null || who.rights.includes(right))) {
        resolve(who);
        return end();
      }
      tell("sign-in-trouble", who ? say("signInNoRight") : sentence(refusal));
      secret.focus();
    };
    $("sign-in-go").onclick = () => void attempt();
    $("sign-in-close").onclick = end;
    box.onclose = () => {
      secret.value = "";
      // The browser closes a dialog by Escape, whatever the page says.
      if (!isDone && !canLeave) return box.showModal();
      reject(new DOMException("Nobody signed in.", "AbortError"));
    };
    box.showModal();
    (name.value ? secret : name).focus();
  });
}

function sentence({ code, message, seconds }: Omit<Answer, "who">): string {
  switch (code) {
    case null:
      return say("noAnswer");
    case "sign_in_failed":
    case "bad_request":
      return say("signInWrong");
    case "sign_in_locked":
      return say("signInLocked", { a: seconds });
    case "token_forbidden":
      return say("signInElsewhere");
    default:
      return told({ code: null, type: null, moneyMoved: "no", tradeId: null, message });
  }
}
