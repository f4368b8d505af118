import { useEffect } from "preact/hooks";
import { setPrivate, signOut, updateProfile, type ProfileChange } from "../api/account";
import type { Account } from "../api/types";
import { lookAt } from "../live/sight";
import { Action } from "../parts/action";
import { Field, LongField } from "../parts/field";
import { Form, text } from "../parts/form";
import { Await, useLoaded } from "../parts/loading";
import { ThemeChoice } from "../parts/shell/theme-choice";
import { useTitle } from "../parts/title";
import { readAccount } from "../store/people";
import { signOutHere } from "../store/session";

/** The own account: what others see, who may see it, and the way out. */
export function AccountPage() {
  useTitle("Settings");
  useEffect(() => lookAt("home"), []);
  const [loaded, again] = useLoaded("account", readAccount);
  return (
    <Await of={loaded} again={again}>
      {(account) => (
        <>
          <section class="card">
            <h1>Your profile</h1>
            <Edit account={account} changed={again} />
          </section>
          <Visibility isPrivate={account.profile?.private ?? false} changed={again} />
          <section class="card">
            <h2>Hidden people</h2>
            <p class="soft">Whom you block or mute, and the way back.</p>
            <a class="button quiet" href="/hidden">
              Show them
            </a>
          </section>
          <section class="card">
            <h2>Colours</h2>
            <ThemeChoice />
          </section>
          <section class="card">
            <h2>This session</h2>
            <p class="soft">Signed in with {account.email}.</p>
            <Action run={leave}>Sign out</Action>
          </section>
        </>
      )}
    </Await>
  );
}

async function leave(): Promise<void> {
  await signOut();
  signOutHere();
}

type Fields = Required<ProfileChange>;

function Edit({ account, changed }: { account: Account; changed: () => void }) {
  const profile = account.profile;
  const before: Fields = {
    firstName: profile?.firstName ?? "",
    lastName: profile?.lastName ?? "",
    birthDate: account.birthDate,
    handle: profile?.handle ?? "",
    about: profile?.about ?? "",
  };
  const send = async (values: FormData, key: string) => {
    const names = Object.keys(before) as (keyof Fields)[];
    const different = names.filter((name) => text(values, name) !== before[name]);
    if (different.length === 0) return;
    const change = Object.fromEntries(different.map((name) => [name, text(values, name)]));
    await updateProfile(change, key);
    changed();
  };
  return (
    <Form send={send} action="Save changes" saved="Your profile is saved.">
      {(faults) => (
        <>
          <div class="pair">
            <Field
              label="First name"
              name="firstName"
              defaultValue={before.firstName}
              required
              fault={faults["firstName"]}
            />
            <Field
              label="Last name"
              name="lastName"
              defaultValue={before.lastName}
              required
              fault={faults["lastName"]}
            />
          </div>
          <div class="pair">
            <Field
              label="Handle"
              name="handle"
              defaultValue={before.handle}
              required
              hint="Your old one is kept for you for 30 days."
              fault={faults["handle"]}
            />
            <Field
              label="Date of birth"
              name="birthDate"
              type="date"
              defaultValue={before.birthDate}
              required
              fault={faults["birthDate"]}
            />
          </div>
          <LongField
            label="About you"
            name="about"
            defaultValue={before.about}
            maxLength={2000}
            fault={faults["about"]}
          />
        </>
      )}
    </Form>
  );
}

function Visibility({ isPrivate, changed }: { isPrivate: boolean; changed: () => void }) {
  const set = (value: boolean) => setPrivate(value).then(changed);
  return (
    <section class="card">
      <h2>Who sees you</h2>
      <p class="soft">
        {isPrivate
          ? "Only people you accepted see more than your name. Going public accepts everybody who asks now."
          : "Everybody sees your profile and may follow you."}
      </p>
      <Action run={() => set(!isPrivate)}>
        {isPrivate ? "Make my account public" : "Make my account private"}
      </Action>
    </section>
  );
}
